"""A plan published on this machine: a loopback address, a key, runs that go on by themselves."""

import json
import shlex
import subprocess
import time
import urllib.error
import urllib.request

import pytest

OPEN = '[backend.local]\nparameters = ["numbers.factor", "broken"]\n'


@pytest.fixture
def published(type_, experiment):
    file = experiment(OPEN)
    yield type_("publish", file, "--json").json()
    type_("publish", "--withdraw", "mine-run", code=None)


def call(url, body=b"{}", key="", **headers):
    given = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, body, given)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def key_of(folder):
    path = folder / ".concrete" / "published" / "mine-run" / "key"
    assert path.stat().st_mode & 0o077 == 0
    return path.read_text().strip()


def ended(type_, run):
    end = time.monotonic() + 30
    while (found := type_("show", run, "--json").json())["status"] == "running" or (
        found["status"] == "interrupted" and time.monotonic() < end
    ):
        time.sleep(0.1)
    return found


def total(type_, folder, run):
    assert ended(type_, run)["status"] == "done"
    type_("fetch", run, "total.total", folder / run)
    return json.loads((folder / run / "total.json").read_text())["total"]


def test_the_curl_line_starts_a_run(type_, published, folder):
    assert published["url"].startswith("http://127.0.0.1:")
    assert published["parameters"] == {"numbers_factor": "2.0", "total_broken": "false"}
    assert key_of(folder) not in json.dumps(published)
    words = ["bash", "-c", published["curl"] + " --silent"]
    if subprocess.run(["which", "curl"], capture_output=True, check=False).returncode:
        body = shlex.split(published["curl"])
        answer = call(published["url"], body[body.index("-d") + 1].encode(), key_of(folder))[1]
    else:
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        answer = json.loads(done.stdout)
    assert answer["Id"] == answer["name"]
    assert total(type_, folder, answer["Id"]) == 12.0


def test_both_ways_of_giving_parameters(type_, published, folder):
    key = key_of(folder)
    v1 = {"ExperimentName": "x", "ParameterAssignments": {"numbers_factor": "3"}}
    v2 = {"properties": {"InputData": {"factor": {"JobInputType": "Literal", "Value": "5"}}}}
    runs = [call(published["url"], json.dumps(body).encode(), key)[1]["Id"] for body in (v1, v2)]
    assert [total(type_, folder, run) for run in runs] == [18.0, 30.0]
    listed = {row["run"]: row["workflow"] for row in type_("runs", "--json").json()["runs"]}
    assert {listed[run] for run in runs} == {"run"}


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b'{"ParameterAssignments": {"wait": "9"}}', 400, "no parameter 'wait'"),
        (b'{"ParameterAssignments": {"factor": "much"}}', 400, "kind of 2.0"),
        (b'{"ParameterAssignments": {"broken": "3"}}', 400, "kind of false"),
        (b'{"properties": {"InputData": {"factor": {"Uri": "x"}}}}', 400, "only a value"),
        (b"[1]", 400, "no object"),
        (b"{", 400, "not JSON"),
    ],
)
def test_what_makes_no_sense_is_refused(published, folder, body, status, told):
    got, answer = call(published["url"], body, key_of(folder))
    assert got == status
    assert told in answer["error"]
    assert list((folder / ".concrete" / "runs").iterdir()) == []


def test_nobody_without_the_key_starts_anything(published, folder):
    key = key_of(folder)
    assert call(published["url"], key="guessed")[0] == 401
    assert call(published["url"])[0] == 401
    assert call(published["url"], key=key, Host="evil.example")[0] == 421
    assert call(published["url"] + "x", key=key)[0] == 404
    assert list((folder / ".concrete" / "runs").iterdir()) == []


def test_publishing_again_keeps_address_and_key_and_takes_the_new_plan(
    type_, published, folder, experiment
):
    key = key_of(folder)
    changed = experiment(OPEN)
    again = type_("publish", changed, "--json", "--set", "pipeline.steps.numbers.params.factor=7")
    assert again.json()["url"] == published["url"]
    assert key_of(folder) == key
    run = call(published["url"], b"", key)[1]["Id"]
    assert total(type_, folder, run) == 42.0

    assert type_("publish", "--withdraw", "mine-run", "--json").json()["status"] == "withdrawn"
    with pytest.raises(OSError, match="refused"):
        call(published["url"], key=key)
    type_("publish", "--withdraw", "mine-run", code=5)


def test_a_parameter_that_no_step_has_is_refused(type_, experiment):
    file = experiment('[backend.local]\nparameters = ["fctor"]\n')
    assert "fctor" in type_("publish", file, code=3).stderr
    assert (
        "list of names"
        in type_("check", experiment('[backend.local]\nparameters = "x"\n'), code=3).stderr
    )
