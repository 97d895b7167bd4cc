"""Schedules and published plans start runs without us."""

import json
import shlex
import ssl
import time
import urllib.request

import pytest
from concrete_cli.backends.azureml_v2 import AzureBackend, cron

from concrete_cli.backend import State
from concrete_cli.errors import ConcreteError, UsageError
from concrete_cli.plan import Output


def end(backend, handle):
    return {event.step: event.state for event in backend.watch(handle)}


def test_a_schedule_starts_the_plan_and_can_be_stopped(backend, emulator, toy, tmp_path):
    made = backend.schedule(toy, "nightly", tmp_path / "staging", cron_text="0 3 * * mon")
    assert (made.name, made.when, made.active) == ("nightly", "0 3 * * mon", True)

    assert set(end(backend, emulator.fire("nightly")).values()) == {State.DONE}

    assert not backend.disable_schedule("nightly").active
    assert [(one.name, one.active) for one in backend.schedules()] == [("nightly", False)]
    with pytest.raises(ValueError, match="disabled"):
        emulator.fire("nightly")
    backend.delete_schedule("nightly")
    assert backend.schedules() == []


@pytest.mark.parametrize("text", ["0 9-17/2 * * sun-fri", "0,30 */6 1 jan,JUL 7", "5 4 * * *"])
def test_times_that_make_sense(text):
    cron.check(text, "")


def test_every_so_often(backend, toy, tmp_path):
    made = backend.schedule(toy, "often", tmp_path / "staging", every="12h")
    assert made.when == "every 12 hours"
    backend.delete_schedule("often")


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ({"cron_text": "nonsense"}, "has 1 fields"),
        ({"cron_text": "0 25 * * *"}, "'25' is no hour"),
        ({"cron_text": "0 3 * * 1-9"}, "is no day of the week"),
        ({"cron_text": "5-1 * * * *"}, "'5-1' is no minute"),
        ({"cron_text": "*/90 * * * *"}, "'\\*/90' is no minute"),
        ({"cron_text": "0 mon * * *"}, "'mon' is no hour"),
        ({"cron_text": "0 3 * * jan"}, "'jan' is no day of the week"),
        ({"every": "12 parsecs"}, "is not a duration"),
        ({}, "say when"),
        ({"cron_text": "0 3 * * *", "every": "1d"}, "say when"),
    ],
)
def test_a_time_that_makes_no_sense_is_refused_before_anything_is_sent(
    backend, emulator, toy, tmp_path, when, told
):
    before = len(emulator.calls)
    with pytest.raises(UsageError, match=told):
        backend.schedule(toy, "bad", tmp_path / "staging", **when)
    assert len(emulator.calls) == before


def test_a_published_plan_is_called_by_rest_with_other_parameters(
    settings, emulator, toy, tmp_path
):
    backend = AzureBackend(tmp_path / "home", {**settings, "parameters": ["factor"]})
    made = backend.publish(toy, "toy-batch", tmp_path / "staging")
    assert made.parameters["factor"] == "-0.5"
    assert made.url in made.curl

    handle = backend.call("toy-batch", {**made.parameters, "factor": "2"})

    assert set(end(backend, handle).values()) == {State.DONE}
    backend.fetch(handle, Output("numbers", "data"), tmp_path / "data")
    assert json.loads((tmp_path / "data" / "numbers.json").read_text()) == [2.0, 4.0, 6.0]


def test_an_address_that_azure_would_refuse_is_refused_before_the_upload(
    backend, emulator, toy, tmp_path
):
    before = len(emulator.calls)
    for name in ("strength-of-a-concrete-mixture-train", "a_b", "1st"):
        with pytest.raises(UsageError, match="cannot be called") as caught:
            backend.publish(toy, name, tmp_path / "staging")
        assert "3 to 32 letters" in caught.value.help
    assert len(emulator.calls) == before


def test_the_curl_line_is_a_request_that_works(settings, emulator, toy, tmp_path):
    backend = AzureBackend(tmp_path / "home", settings)
    made = backend.publish(toy, "toy-curl", tmp_path / "staging")
    words = shlex.split(made.curl)
    body = words[words.index("-d") + 1]
    token = backend.client.ml._credential.get_token("https://ml.azure.com/.default").token
    request = urllib.request.Request(
        made.url, body.encode(), {"Authorization": f"Bearer {token}"}, method="POST"
    )
    trust = ssl.create_default_context(cafile=str(emulator.certificate))
    with urllib.request.urlopen(request, context=trust, timeout=20) as answer:
        handle = json.load(answer)["name"]
    while not emulator.runs[handle].ended:
        time.sleep(0.05)
    assert emulator.runs[handle].status == "Completed"


def test_a_call_to_nothing_says_so(backend):
    with pytest.raises(ConcreteError, match="call nothing"):
        backend.call("nothing", {})
