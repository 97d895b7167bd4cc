"""What an endpoint answers, and how it refuses."""

import json
import stat
from pathlib import Path

import pytest

import served


def test_it_answers_as_recorded(client, about):
    sample = about["sample"]
    answer = client.ask("POST", "/score", json.dumps(sample["request"]))
    assert answer.status == 200
    found = answer.json()
    assert found["predictions"] == sample["answer"]["predictions"]
    assert found["intervals"] == sample["answer"]["intervals"]
    assert (found["model"], found["warnings"]) == ("mix:1", [])
    assert answer.text.count("\n") == 1


def test_without_intervals(client, sample):
    assert "intervals" not in client.score(sample, query="?intervals=false").json()
    assert "intervals" in client.score(sample, query="?intervals=true").json()
    assert client.score(sample, query="?intervals=maybe").status == 422


def test_a_value_out_of_range_is_answered_with_a_warning(client, sample):
    found = client.score(sample | {"age": 900}).json()
    assert len(found["predictions"]) == 1
    assert found["warnings"][0].startswith("age 900 is outside ")


def test_many_rows_are_answered_like_single_ones(client, about):
    data = about["sample"]["request"]["data"]
    many = client.score(*data * 150).json()["predictions"]
    singles = [client.score(row).json()["predictions"][0] for row in data]
    assert many == pytest.approx(singles * 150, rel=1e-12)


def test_states(client):
    assert client.ask("GET", "/health", key="").json() == {"status": "ok"}
    ready = client.ask("GET", "/ready", key="")
    assert (ready.status, ready.json()["model"]) == (200, "mix:1")
    assert client.ask("HEAD", "/health", key="").text == ""


def test_metrics(client, sample):
    client.score(sample)
    client.score(sample, query="?intervals=no")

    wanted = ["concrete_workers 2"]
    wanted += [f'concrete_requests_total{{path="/score",status="{code}"}}' for code in (200, 422)]

    def told():  # the second worker may still be on its way, and counts are put together at times
        text = client.ask("GET", "/metrics").text
        return text if all(part in text for part in wanted) else ""

    text = served.soon(told)
    assert 'concrete_model_info{model="mix:1"} 1' in text
    counts = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    ok = counts['concrete_requests_total{path="/score",status="200"}']
    assert int(ok) >= 1
    assert int(counts['concrete_requests_total{path="/score",status="422"}']) >= 1
    assert (
        counts["concrete_score_seconds_count"] == counts['concrete_score_seconds_bucket{le="+Inf"}']
    )


@pytest.mark.parametrize(
    ("body", "headers", "status", "told"),
    [
        ("{", {}, 422, "the body is not JSON"),
        ('{"data": [{"age": NaN}]}', {}, 422, "NaN is not a number"),
        ("[" * 100_000, {}, 422, "nested too deeply"),
        ('{"data":' * 20_000 + "1" + "}" * 20_000, {}, 422, "nested too deeply"),
        ("", {}, 422, "the body is not JSON"),
        ('{"data": []}', {}, 422, "no rows"),
        ("{}", {"content_type": "text/plain"}, 415, "application/json"),
        ("{}", {"content_type": "application/json; charset=latin-1"}, 415, "application/json"),
        ("{}", {"content_encoding": "br"}, 415, "compressed with gzip"),
        (" " * 200_001, {}, 413, "larger than 200000 bytes"),
        (json.dumps({"data": [{"age": 1}] * 501}), {}, 413, "one request may hold 500"),
        ("[" + '{"a":1},' * 20_000 + "1]", {}, 422, "expected"),
    ],
)
def test_bad_requests(client, body, headers, status, told):
    answer = client.ask("POST", "/score", body, **headers)
    assert answer.status == status
    assert told in answer.error
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_the_key_is_needed(client, sample):
    key = client.key
    wrong = [key[:-1], key + "x", key[:-1] + ("A" if key[-1] != "A" else "B"), "", "nonsense"]
    for one in wrong:
        answer = client.ask("POST", "/score", json.dumps({"data": [sample]}), key=one)
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert "Bearer" in answer.error
    for scheme in ("Basic", "Token"):
        headers = {"authorization": f"{scheme} {key}"}
        assert client.ask("POST", "/score", "{}", key="", **headers).status == 401
    assert client.ask("POST", "/nowhere", "{}", key="").status == 401


def test_the_key_in_the_query_is_neither_taken_nor_logged(shared, client):
    key = client.key
    for path in (f"/score?key={key}", f"/score?api_key={key}", f"/score?access_token={key}"):
        assert client.ask("POST", path, "{}", key="").status == 401
    client.ask("POST", f"/score?intervals={key}", "{}")
    log = Path(shared.endpoints.show("mix")["log"])
    assert key not in log.read_text()
    assert '"path": "/score"' in log.read_text()


def test_the_key_is_its_owners(shared):
    key = Path(shared.endpoints.show("mix")["key_file"])
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(key.read_text().strip()) >= 43


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.0.2.1", "", "a b"])
def test_the_name_of_another_site_is_refused(client, host):
    for method, path in (("POST", "/score"), ("GET", "/"), ("GET", "/openapi.json")):
        answer = client.ask(method, path, host=host)
        assert answer.status in (400, 421)
        assert "--host-name" in answer.error


@pytest.mark.parametrize("host", ["evil.example", "models.example.com:443", "192.0.2.1", "", "_"])
def test_a_load_balancer_may_ask_for_the_state_by_any_name(client, host):
    for path in ("/health", "/ready"):
        assert client.ask("GET", path, key="", host=host).status == 200
    bare = client.talk(b"GET /ready HTTP/1.0\r\n\r\n")
    assert bare.startswith(b"HTTP/1.1 200")
    assert client.talk(b"GET /metrics HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 421")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:99", "[::1]:8400"])
def test_names_of_this_machine_are_fine(client, host):
    assert client.ask("GET", "/metrics", host=host).status == 200


def test_paths_and_methods(client):
    assert client.ask("GET", "/nowhere").status == 404
    for path in ("/../settings.json", "/%2e%2e/key", "/..%2fkey", "//key", "/score/"):
        assert client.ask("GET", path).status == 404
    answer = client.ask("GET", "/score")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert client.ask("DELETE", "/health").status == 405


def test_request_ids(shared, client, sample):
    given = client.ask("POST", "/score", json.dumps({"data": [sample]}), x_request_id="my-id.7")
    assert given.headers["x-request-id"] == "my-id.7"
    lines = served.soon(  # the line is written when the answer is on its way
        lambda: [one for one in shared.events() if one.get("request") == "my-id.7"]
    )
    assert [(one["status"], one["rows"]) for one in lines] == [(200, 1)]
    bad = client.ask("GET", "/health", x_request_id='x" onload="')
    assert len(bad.headers["x-request-id"]) == 32


def test_a_lone_surrogate_comes_back_as_it_came(client, sample):
    body = json.dumps({"data": [sample | {served.NASTY: "\ud800"}]})
    answer = client.ask("POST", "/score", body)
    assert answer.status == 200
    assert "was not seen in training" in answer.json()["warnings"][0]


def test_openapi_describes_the_columns(client):
    document = client.ask("GET", "/openapi.json").json()
    row = document["components"]["schemas"]["Row"]
    assert set(row["properties"]) == {"water", "age", "wet", served.NASTY}
    assert sorted(row["required"]) == ["age", "wet"]
    assert row["properties"]["age"]["description"].startswith("days")
    assert document["paths"]["/score"]["post"]["security"] == [{"key": []}]


def test_an_error_of_ours_is_one_line_and_its_traceback_is_in_the_log(deploy, tmp_path, bundle):
    import shutil

    broken = Path(shutil.copytree(bundle, tmp_path / "broken"))
    with (broken / "code" / "_intervals.py").open("a") as file:
        file.write("\n\ndef interval(calibration, predicted):\n    raise KeyError('secret')\n")
    client = deploy("mix", broken)
    answer = client.ask("POST", "/score", json.dumps({"data": [{"age": 1, "wet": True}]}))
    assert answer.status == 500
    assert "secret" not in answer.error
    traces = [one["traceback"] for one in deploy.events() if "traceback" in one]
    assert "KeyError: 'secret'" in traces[0]
