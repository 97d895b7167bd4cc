"""`concrete deploy`, `endpoints` and `invoke` as they are typed."""

import json
import re
import socket
import stat
from pathlib import Path

import pytest

import served
from concrete_cli import home
from concrete_cli.registry.models import Models

EXPERIMENT = """
[experiment]
name = "mix"

[data]
source = "rows.csv"
target = "y"

[train.candidates]
linear = { model = "linear" }

[register]
name = "mix"
"""


@pytest.fixture
def folder(tmp_path, model):
    """An experiment whose model is registered."""
    (tmp_path / "concrete.toml").write_text(EXPERIMENT)
    served.rows(50).to_csv(tmp_path / "rows.csv", index=False)
    Models(home.prepare(tmp_path / ".concrete")).publish("mix", model)
    return tmp_path


@pytest.fixture
def run(concrete, folder):
    yield lambda *args, **kwargs: concrete(*args, cwd=folder, **kwargs)
    for one in concrete("endpoints", "list", "--json", cwd=folder).json()["endpoints"]:
        concrete("endpoints", "stop", one["endpoint"], cwd=folder)


def test_from_a_model_to_an_answer_and_back(run, folder, sample):
    done = run("deploy", "--json", "--workers", "1").json()
    assert {"endpoint", "url", "key_file", "model", "pid", "status"} <= done.keys()
    assert (done["endpoint"], done["model"], done["status"]) == ("mix", "mix:1", "running")
    assert done["registered"]
    assert stat.S_IMODE(Path(done["key_file"]).stat().st_mode) == 0o600

    (folder / "request.json").write_text(json.dumps({"data": [sample]}))
    answer = run("invoke", "mix", "request.json").json()
    assert set(answer) == {"predictions", "intervals", "model", "warnings"}
    for text in (json.dumps(sample), json.dumps([sample])):
        assert run("invoke", "mix", "-", stdin=text).json() == answer
    sampled = json.loads(run("invoke", "mix", "--sample").stdout)
    assert len(sampled["predictions"]) >= 1
    assert "name a FILE, or say --sample" in run("invoke", "mix", code=2).stderr
    assert "intervals" not in run("invoke", "mix", "request.json", "--no-intervals").json()

    wrong = run("invoke", "mix", "-", stdin="[{}]", code=2)
    assert "endpoint mix refuses the request (422): row 1: age: expected a number" in wrong.stderr
    assert f"its columns: concrete models show mix:1 --home {folder / '.concrete'}" in wrong.stderr
    assert "line 1 column 2" in run("invoke", "mix", "-", stdin="{", code=2).stderr
    assert run("invoke", "mix", "nowhere.json", code=5)

    again = run("deploy", code=75)
    assert "endpoint mix is in use: it serves mix:1 at http://127.0.0.1:" in again.stderr
    assert "--replace" in again.stderr
    assert "bundle" not in again.stderr

    key = Path(done["key_file"]).read_text()
    assert "the old one is refused" in run("endpoints", "rotate-key", "mix").stderr
    assert Path(done["key_file"]).read_text() != key
    assert run("invoke", "mix", "request.json").json() == answer
    assert key.strip() not in Path(done["log"]).read_text()
    lines = run("endpoints", "logs", "mix").stdout.splitlines()
    assert all("time" in json.loads(line) for line in lines)

    shown = run("endpoints", "show", "mix", "--json").json()
    assert (shown["url"], shown["pid"]) == (done["url"], done["pid"])
    listed = run("endpoints").stdout
    assert "mix" in listed
    assert "running" in listed

    models = Models(folder / ".concrete")
    models.delete(models.find("mix:1"))
    assert run("invoke", "mix", "request.json").json() == answer
    assert "not registered: it serves its own copy" in run("endpoints", "show", "mix").stdout
    assert run("endpoints", "list", "--json").json()["endpoints"][0]["registered"] is False

    assert run("endpoints", "stop", "mix", "--json").json()["status"] == "stopped"
    stopped = run("invoke", "mix", "request.json", code=7)
    assert "concrete endpoints restart mix" in stopped.stderr
    assert run("endpoints", "restart", "mix", "--json").json()["url"] == done["url"]
    assert run("invoke", "mix", "request.json").json() == answer
    run("endpoints", "stop", "mix", "--remove")
    first = f"concrete deploy {folder / 'concrete.toml'}"
    assert run("endpoints").stdout.splitlines()[1] == f"no endpoints yet: {first}"


def test_names_and_limits_come_from_the_command_or_the_experiment(run, folder):
    experiment = folder / "concrete.toml"
    table = '[deploy]\nhosts = ["a.example"]\norigins = ["https://b.example"]\nmax_rows = 1\n'
    experiment.write_text(f"{EXPERIMENT}\n{table}workers = 1\n")
    done = run("deploy", "--root-path", "/models/mix/", "--json").json()
    told = {"hosts": ["a.example"], "origins": ["https://b.example"], "root_path": "/models/mix"}
    assert told.items() <= done.items()
    client = served.Client(done["url"], Path(done["key_file"]).read_text().strip())
    answer = client.ask("POST", "/models/mix/score", '{"data": [{}, {}]}', host="a.example")
    assert (answer.status, "may hold 1" in answer.error) == (413, True)

    experiment.write_text(EXPERIMENT)  # what is typed is kept, what the table allowed is not
    names = ("--host-name", "C.example.", "--host-name", "*.d.example")
    again = run("deploy", "--replace", *names, "--json").json()
    told = {"hosts": ["c.example", "*.d.example"], "origins": [], "root_path": "/models/mix"}
    assert told.items() <= again.items()
    assert client.ask("POST", "/score", '{"data": [{}, {}]}', host="x.d.example:1").status == 422
    assert client.ask("POST", "/score", "{}", host="d.example").status == 421
    for words in (("--host-name", "http://x"), ("--root-path", "models")):
        refused = run("deploy", "--replace", *words, code=2).stderr
        assert f"{words[0]} " in refused
        assert "such as" in refused


def listed(run):
    return run("endpoints", "--json").json()["endpoints"]


def test_a_port_in_use(run, sample):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = run("deploy", "--port", port, code=75).stderr
        assert listed(run) == []
    assert f"port {port} of 127.0.0.1 is in use" in told
    free = int(re.search(r"--port (\d+) is free; or leave it out", told)[1])

    first = run("deploy", "--port", free, "--workers", "1", "--json").json()
    run("endpoints", "stop", "mix")
    with socket.create_server(("127.0.0.1", free)):
        stopped = run("endpoints", "restart", "mix", code=75).stderr
        command = re.search(r"concrete (endpoints restart mix --port \d+)", stopped)[1]
        assert run(*command.split(), "--json").json()["url"] != first["url"]
        refused = run("endpoints", "restart", "mix", "--port", free, code=2).stderr
        assert "concrete endpoints stop mix" in refused
        run("endpoints", "stop", "mix", "--remove")

        run("deploy", "--workers", "1", "--json")  # the first free one, and it is taken over
        now = listed(run)[0]["url"]
        run("endpoints", "stop", "mix")
        with socket.create_server(("127.0.0.1", int(now.rpartition(":")[2]))):
            assert f"another process listens at {now}" in run("deploy").stderr
    assert listed(run)[0]["url"] not in (first["url"], now)
    assert run("invoke", "mix", "-", stdin=json.dumps(sample)).json()["model"] == "mix:1"
    run("endpoints", "stop", "mix")
    assert run("deploy", "--json").json()["url"] not in (first["url"], now)  # it stays there


@pytest.mark.parametrize("name", ["../x", "a/b", "a\nb", "x" * 300, ".", "-x"])
def test_names_that_cannot_be(run, name):
    assert "an endpoint cannot be called" in run("deploy", f"--name={name}", code=2).stderr


def test_what_is_not_there(run):
    assert "no endpoint called 'nix'" in run("endpoints", "show", "nix", code=5).stderr
    assert "no endpoint called 'nix'" in run("invoke", "nix", "-", stdin="{}", code=5).stderr
    assert "no model called 'nix'" in run("deploy", "--model", "nix", code=5).stderr
    assert "no model called 'mix:7'" in run("deploy", "--model", "mix:7", code=5).stderr


def test_a_damaged_model_is_not_served(run, folder):
    path = folder / ".concrete" / "models" / "mix" / "1" / "model.skops"
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b"x")
    assert "model.skops has changed" in run("deploy", code=8).stderr


def test_another_address_says_what_that_means(run, sample):
    done = run("deploy", "--host", "0.0.0.0", "--workers", "1")
    assert "other machines can reach it" in done.stderr
    assert "needs the key" in " ".join(done.stderr.split())
    found = run("endpoints", "show", "mix", "--json").json()
    client = served.Client(found["url"].replace("0.0.0.0", "127.0.0.1"), "")
    assert client.ask("GET", "/health").status == 200
    for path in ("/", "/metrics", "/openapi.json", "/score"):
        assert client.ask("GET", path).status == 401
    client.key = Path(found["key_file"]).read_text().strip()
    assert client.ask("GET", "/metrics").status == 200
    assert client.ask("GET", "/").status == 404
    assert client.ask("GET", "/metrics", host="evil.example").status == 421
    for host in ("192.0.2.7:80", socket.gethostname()):
        assert client.ask("GET", "/metrics", host=host).status == 200
    assert run("invoke", "mix", "-", stdin=json.dumps(sample)).json()["model"] == "mix:1"
    run("deploy", "--replace", "--host-name", "models.example.com")  # a proxy is in front
    named = {"host": "models.example.com"}
    assert "endpoints show mix" in client.ask("GET", "/", key="", **named).text
    asked = [
        client.ask("GET", "/openapi.json", key=key, **named).status for key in ("", client.key)
    ]
    assert asked == [401, 200]
