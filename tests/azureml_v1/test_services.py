"""Models, endpoints, published pipelines and schedules, with the real SDK."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import requests
from concrete_cli.backends.scrubbing import scrub
from concrete_cli.emulators.azureml_v1.published import fire

from concrete_cli.backend import State
from concrete_cli.errors import BackendUnavailable, NotFound, UsageError
from concrete_cli.plan import Output

STEPS = Path(__file__).parent / "steps"


@pytest.fixture
def bundle(tmp_path):
    folder = tmp_path / "bundle"
    (folder / "deep").mkdir(parents=True)
    (folder / "factor.json").write_text("2")
    (folder / "deep" / "more.txt").write_text("more")
    return folder


def test_models_are_pushed_found_tagged_and_pulled(backend, bundle, tmp_path):
    models = backend.models
    assert models.push(bundle, "strength", {"rmse": 4.2}) == 1
    (bundle / "factor.json").write_text("3")
    assert models.push(bundle, "strength") == 2
    assert models.find("strength").version == 2
    assert models.find("strength@1").tags == {"rmse": "4.2"}
    models.tag("strength", 1, "production")
    assert models.find("strength@production").version == 1
    models.tag("strength", 2, "production")
    assert models.find("model:strength@production").version == 2
    assert models.find("strength@1").aliases == ()
    got = models.pull("strength@1", tmp_path / "got")
    assert got.version == 1
    assert (tmp_path / "got" / "factor.json").read_text() == "2"
    assert (tmp_path / "got" / "deep" / "more.txt").read_text() == "more"
    assert [one.version for one in models.list("strength")] == [2, 1]
    with pytest.raises(NotFound, match="stregnth") as caught:
        models.find("stregnth")
    assert "strength" in caught.value.help
    with pytest.raises(NotFound, match="staging"):
        models.find("strength@staging")
    with pytest.raises(UsageError, match="not empty"):
        models.pull("strength", tmp_path / "got")


def test_what_a_run_left_becomes_a_model(backend, run, toy, tmp_path):
    handle, _ = run(toy)
    assert backend.models.publish(handle, "toy", Output("best", "model"), {"why": "best"}) == 1
    found = backend.models.pull("toy", tmp_path / "toy")
    assert (tmp_path / "toy" / "best.json").read_text() == "3.5"
    assert found.tags == {"why": "best", "run": handle}


def test_a_model_is_served_asked_and_removed(backend, bundle):
    backend.models.push(bundle, "served")
    url = backend.endpoints.deploy("served", "mix", STEPS / "score.py", {"memory_gb": 1})
    assert backend.endpoints.invoke("mix", {"numbers": [1, 2]}) == [2, 4]
    first, _ = backend.endpoints.keys("mix")
    body = json.dumps({"numbers": [5]})
    assert requests.post(url, body, timeout=9).status_code == 401
    key = {"Authorization": f"Bearer {first}"}
    assert requests.post(url, body, headers=key, timeout=9).json() == [10]
    assert "the model is loaded" in backend.endpoints.logs("mix")
    assert [(one.name, one.kind) for one in backend.endpoints.list()] == [("mix", "aci")]
    assert backend.endpoints.model("mix") == "served:1"
    backend.endpoints.remove("mix")
    assert backend.endpoints.list() == []
    with pytest.raises(NotFound, match="mix"):
        backend.endpoints.invoke("mix", {})


def test_a_model_is_served_on_kubernetes(backend, bundle, emulator, monkeypatch):
    monkeypatch.setitem(emulator.state.computes, "aks", "AKS")
    backend.models.push(bundle, "clustered")
    options = {"kind": "aks", "compute": "aks", "replicas": 2}
    backend.endpoints.deploy("clustered", "mix2", STEPS / "score.py", options)
    assert backend.endpoints.invoke("mix2", {"numbers": [3]}) == [6]
    assert [(one.name, one.kind) for one in backend.endpoints.list()] == [("mix2", "aks")]
    backend.endpoints.remove("mix2")


def test_an_endpoint_that_does_not_start_says_why(backend, bundle):
    backend.models.push(bundle, "hopeless")
    with pytest.raises(BackendUnavailable, match="did not start: error: no such model"):
        backend.endpoints.deploy("hopeless", "bad", STEPS / "broken_score.py", {})
    with pytest.raises(UsageError, match="no 'cpus'"):
        backend.endpoints.deploy("hopeless", "bad", STEPS / "score.py", {"cpus": 1})
    with pytest.raises(UsageError, match="aks with a compute"):
        backend.endpoints.deploy("hopeless", "bad", STEPS / "score.py", {"kind": "aks"})


@pytest.fixture
def open_backend(settings, tmp_path):
    from concrete_cli.backends.azureml import AzureBackend

    return AzureBackend(tmp_path / "home", settings | {"parameters": ["numbers.factor"]})


def test_a_published_plan_is_started_over_rest_with_other_parameters(
    open_backend, toy, tmp_path, emulator
):
    made = open_backend.publish(toy, "nightly", tmp_path / "code")
    assert made.parameters == {"numbers_factor": "-0.5"}
    assert made.url in made.curl
    (body,) = re.findall(r"-d '([^']*)'", made.curl)
    login = open_backend.client.workspace._auth_object.get_authentication_header()
    for given, expected in (({}, "3.5"), ({"numbers_factor": "2"}, "288.0")):
        request = json.loads(body) | {"ParameterAssignments": given}
        answer = requests.post(made.url, json=request, headers=login, timeout=9).json()
        events = {event.step: event for event in open_backend.watch(answer["Id"])}
        assert events["best"].state.good
        open_backend.fetch(answer["Id"], Output("best", "model"), tmp_path / expected)
        assert (tmp_path / expected / "best.json").read_text() == expected
    assert requests.post(made.url, json={}, timeout=9).status_code == 401


def test_a_schedule_is_made_listed_fired_and_disabled(open_backend, toy, tmp_path, emulator):
    made = open_backend.schedule(toy, "weekly", tmp_path / "code", cron_text="30 3 * * 1,3")
    assert made.active
    assert made.when == "every week on Monday, Wednesday at 03:30"
    assert [one.name for one in open_backend.schedules()] == ["weekly"]
    started = fire(emulator, made.id)["Id"]
    assert {event.state for event in open_backend.watch(started)} >= {State.DONE}
    assert not open_backend.disable_schedule("weekly").active
    assert [one.active for one in open_backend.schedules()] == [False]
    with pytest.raises(NotFound, match="weakly"):
        open_backend.disable_schedule("weakly")


def test_a_schedule_takes_the_place_of_the_one_that_had_its_name(open_backend, toy, tmp_path):
    for number, hour in enumerate("34"):
        folder = tmp_path / f"code{number}"
        open_backend.schedule(toy, "nightly", folder, cron_text=f"0 {hour} * * *")
    rows = [one for one in open_backend.schedules() if one.name == "nightly"]
    assert [one.when for one in rows if one.active] == ["every day at 04:00"]
    open_backend.disable_schedule("nightly")
    assert not any(one.active for one in open_backend.schedules())


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("*/15 * * * *", "every 15 minutes"),
        ("0 */6 * * *", "every 6 hours"),
        ("15 4 28 * *", "every month"),
    ],
)
def test_a_schedule_that_depends_on_when_it_begins_is_made(
    open_backend, toy, tmp_path, text, when, emulator
):
    made = open_backend.schedule(toy, "often", tmp_path / "code", cron_text=text)
    assert made.when == when
    begin = emulator.state.schedules[made.id]["Recurrence"]
    assert begin["TimeZone"] == "UTC"
    assert begin["StartTime"].endswith(":15:00" if "15 4" in text else ":00:00")
    assert next(one for one in open_backend.schedules() if one.id == made.id) == made
    open_backend.disable_schedule("often")


def test_a_schedule_that_cannot_be_made_leaves_no_address_behind(
    open_backend, toy, tmp_path, emulator
):
    before = {*emulator.state.published}
    emulator.faults.add("POST", "Schedules/Create", status=400, message="no")
    with pytest.raises(BackendUnavailable, match="scheduling daily: no"):
        open_backend.schedule(toy, "daily", tmp_path / "code", cron_text="0 3 * * *")
    (new,) = {*emulator.state.published} - before
    assert emulator.state.published[new]["EntityStatus"] == "Disabled"


def test_secrets_are_taken_out_of_messages(monkeypatch):
    monkeypatch.setenv("SOME_PASSWORD", "hunter2")
    monkeypatch.setenv("API_KEY", "a")
    text = scrub("GET https://x/y?sv=1&sig=abc%2Bd&se=2 hunter2 Bearer eyJ0.e30.zz AccountKey=k==")
    for secret in ("abc%2Bd", "hunter2", "eyJ0", "k=="):
        assert secret not in text
    assert "sv=1" in text
    kept = "Invalid client secret provided; a password is wanted"
    assert scrub(kept) == kept
    assert "hunter3" not in scrub("{'client_secret': 'hunter3'}")
