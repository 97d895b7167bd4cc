"""A plan published on this machine: a loopback address, a key, runs that go on by themselves."""

import json
import shlex
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.local  # the environments of the SDKs have no server
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
        (b'{"ParameterAssignments": {"factor": "1e999"}}', 400, "kind of 2.0"),
        (b'{"ParameterAssignments": {"factor": "NaN"}}', 400, "kind of 2.0"),
        (b'{"ParameterAssignments": {"factor": NaN}}', 400, "not JSON"),
        (b'{"ParameterAssignments": {"factor": "3", "factor": "4"}}', 400, "a key twice"),
        (b'{"ParameterAssignments": {"factor": "\\ud800"}}', 400, "no argument can hold"),
        (b'{"ParameterAssignments": {"factor": "\\u0000"}}', 400, "no argument can hold"),
        (b"[" * 100_000, 400, "not JSON"),
        (b"\xff\xfe", 400, "not JSON"),
        (b" " * (1 << 20) + b"{}", 413, "larger than"),
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


def raw(url, *lines, body=b"", key=""):
    """What comes for a request that is written byte by byte."""
    place, _, path = url.removeprefix("http://").partition("/")
    host, _, port = place.partition(":")
    first = (f"POST /{path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {key}")
    head = "\r\n".join([*first, "Connection: close", *lines, "", ""])
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head.encode() + body)
        found = b""
        while data := connection.recv(1 << 16):
            found += data
    return int(found.split()[1]), found.partition(b"\r\n\r\n")[2]


def test_a_body_in_chunks_counts(type_, published, folder):
    """It was not read: the run started with the defaults."""
    body = b'{"ParameterAssignments": {"factor": "4"}}'
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in (body[:9], body[9:], b""))
    status, answer = raw(
        published["url"], "Transfer-Encoding: chunked", body=chunks, key=key_of(folder)
    )
    assert status == 201
    assert total(type_, folder, json.loads(answer)["Id"]) == 24.0


def test_it_answers_as_an_endpoint_does(published, folder):
    url, key = published["url"], key_of(folder)
    for lines in (
        ("Host: localhost",),
        (f"Authorization: Bearer {key}",),
        ("Content-Length: 2", "Transfer-Encoding: chunked"),
        ("Content-Length: 2", "Content-Length: 3"),
        ("X: y",) * 200,
    ):
        assert raw(url, *lines, body=b"{}", key=key)[0] == 400
    assert raw(url, "Content-Encoding: gzip", "Content-Length: 2", body=b"{}", key=key)[0] == 415
    get = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
    with pytest.raises(urllib.error.HTTPError, match="405"):
        urllib.request.urlopen(get, timeout=20)
    health = url.partition("/pipelines")[0] + "/health"
    with urllib.request.urlopen(health, timeout=20) as answer:
        assert answer.status == 200

    process = folder / ".concrete" / "published" / "mine-run" / "process.json"
    pid = json.loads(process.read_text())["pid"]
    place = url.removeprefix("http://").partition("/")[0].partition(":")
    idle = [socket.create_connection((place[0], int(place[2])), timeout=20) for _ in range(300)]
    try:
        assert raw(url, "Content-Length: 1", body=b"x", key=key)[0] == 400
        assert len(list(Path(f"/proc/{pid}/task").iterdir())) <= 3
        open_ = [file for file in Path(f"/proc/{pid}/fd").iterdir() if file.is_symlink()]
        assert len(open_) < 250
    finally:
        for one in idle:
            one.close()
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
