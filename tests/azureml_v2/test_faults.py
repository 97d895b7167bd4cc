"""What goes wrong becomes one clear line, with the right exit code, and tells no secret."""

import dataclasses
import subprocess
import sys
import time

import pytest
from concrete_cli.backends.azureml_v2 import AzureBackend
from concrete_cli.backends.azureml_v2.client import Client
from concrete_cli.backends.azureml_v2.watch import Watcher
from concrete_cli.emulators.azureml_v2 import Fault

from concrete_cli.backend import Options, State
from concrete_cli.errors import (
    BackendUnavailable,
    Busy,
    ConcreteError,
    ExperimentInvalid,
    Interrupted,
)
from toys_v2 import fault

WORKSPACE = r"GET .*/workspaces/ws$"


@pytest.fixture
def faults(emulator):
    yield emulator.faults
    emulator.faults.clear()


def failure(act, kind=BackendUnavailable):
    with pytest.raises(kind) as caught:
        act()
    text = f"{caught.value} {caught.value.help}"
    assert "\n" not in text
    assert "emulated-secret" not in text
    return text


def submit(backend, toy, tmp_path):
    return lambda: backend.submit(toy, tmp_path / "run", Options())


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (401, "InvalidAuthenticationToken", "not signed in"),
        (403, "AuthorizationFailed", "not allowed"),
        (404, "ResourceGroupNotFound", "resource_group"),
    ],
)
def test_the_workspace_does_not_let_us_in(backend, toy, tmp_path, faults, status, code, told):
    faults.append(Fault(WORKSPACE, status, code, "no sig=topsecret&x for you", times=9))
    text = failure(submit(backend, toy, tmp_path))
    assert told in text
    assert "topsecret" not in text


@pytest.mark.parametrize(("status", "times"), [(429, 2), (503, 2), (500, 1)])
def test_bad_weather_passes(backend, faults, status, times):
    faults.append(Fault(WORKSPACE, status, times=times))
    assert backend.client.ml
    assert not faults[0].times


@pytest.mark.parametrize(("status", "told"), [(429, "patience"), (503, "does not answer")])
def test_bad_weather_that_stays_is_an_error(settings, tmp_path, faults, status, told):
    faults.append(Fault(WORKSPACE, status, times=99))
    backend = AzureBackend(tmp_path, {**settings, "tries": 1})
    assert told in failure(lambda: backend.client.ml)


@pytest.mark.parametrize("key", ["subscription", "resource_group", "workspace"])
def test_the_wrong_place(settings, tmp_path, key):
    wrong = "99999999-0000-0000-0000-000000000000" if key == "subscription" else "nowhere"
    backend = AzureBackend(tmp_path, {**settings, key: wrong})
    text = failure(lambda: backend.client.ml)
    assert wrong in text
    assert "[backend.azureml-v2] subscription" in text


def test_azure_is_out_of_reach(settings, tmp_path):
    cloud = {**settings["cloud"], "name": "Nowhere", "resource_manager": "https://127.0.0.1:9/"}
    backend = AzureBackend(tmp_path, {**settings, "cloud": cloud, "tries": 0})
    assert "Azure was not reached" in failure(lambda: backend.client.ml)


def test_the_secret_is_wrong_or_missing(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong-secret-of-mine")
    text = failure(lambda: AzureBackend(tmp_path, settings).client.ml)
    assert "not signed in" in text
    assert "wrong-secret-of-mine" not in text
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    assert "AZURE_CLIENT_SECRET not set" in failure(
        lambda: AzureBackend(tmp_path, settings).client.ml
    )


def test_a_secret_that_a_service_repeats_is_not_told(backend, toy, tmp_path, faults, monkeypatch):
    monkeypatch.setenv("MY_API_KEY", "hunter2-hunter2")
    faults.append(Fault("PUT .*/jobs/", 400, "UserError", "bad key hunter2-hunter2", times=9))
    assert "bad key ***" in failure(submit(backend, toy, tmp_path))


def test_nobody_is_logged_in(settings, tmp_path):
    backend = AzureBackend(tmp_path, {**settings, "auth": "cli"})
    assert "az login" in failure(lambda: backend.client.ml)


def test_no_workspace_is_configured(settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = {**settings, "workspace": ""}
    assert "no Azure ML workspace is configured" in failure(
        lambda: AzureBackend(tmp_path, given).client.ml
    )
    file = tmp_path / "config.json"
    empty = '{"subscription_id": "x", "resource_group": "rg", "workspace_name": null}'
    for text, told in (
        ("{bad", "is not JSON"),
        ("[1]", "is not JSON"),
        ('{"subscription_id": "x"}', "has no 'resource_group'"),
        (empty, "has no 'workspace_name'"),
    ):
        file.write_text(text)
        assert told in failure(lambda: AzureBackend(tmp_path, given).client.ml)
    file.write_text(
        '{"subscription_id": "s", "resource_group": "rg", "workspace_name": "ws", "x": 1}'
    )
    assert AzureBackend(tmp_path, given).client.ml  # found as the SDK finds it
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert AzureBackend(tmp_path, given).client.ml


def test_an_upload_that_fails_leaves_nothing_that_is_taken_for_whole(
    backend, run, source, tmp_path, faults
):
    faults.append(Fault(r"PUT /acct/.*numbers\.txt", 403, "AuthorizationFailure", times=9))
    failure(submit(backend, fault("nothing", source=source), tmp_path))
    faults.clear()
    _, events = run(fault("nothing", source=source))
    assert events["fault"].state is State.DONE


def test_the_token_expires_while_watching(backend, tmp_path, faults):
    handle = backend.submit(fault("sleep"), tmp_path / "run", Options())
    faults.append(Fault(r"GET .*/jobs/", 401, "ExpiredAuthenticationToken", "expired", times=9))
    text = failure(lambda: list(backend.watch(handle)))
    assert "not signed in" in text
    assert f"concrete logs {handle} --follow" in text
    faults.clear()
    backend.cancel(handle)


def test_watching_outlives_a_short_outage_and_not_a_long_one(settings, backend, faults, tmp_path):
    impatient = Client(dataclasses.replace(backend.settings, tries=0), tmp_path)
    handle = backend.submit(fault("nothing"), tmp_path / "run", Options())
    faults.append(Fault(r"GET .*/jobs/", 503, times=3))
    naps = []
    watcher = Watcher(impatient.ml, handle, lambda pause: (naps.append(pause), time.sleep(0.01)))
    assert {event.state for event in watcher.events()} >= {State.DONE}
    assert naps[:3] == [0.2, 0.4, 0.8]

    faults.append(Fault(r"GET .*/jobs/", 503, times=999))
    lost = Watcher(impatient.ml, handle, time.sleep, patience=0.5)
    with pytest.raises(Exception, match="ServerBusy"):
        list(lost.events())


def test_a_look_during_an_outage_says_so_instead_of_showing_nothing(settings, tmp_path, faults):
    backend = AzureBackend(tmp_path / "home", {**settings, "tries": 1})
    faults.append(Fault(r"GET .*/jobs/", 503, times=99))
    assert "Azure does not answer now" in failure(lambda: list(backend.glance("some-run")))


def test_the_compute_does_not_exist(settings, toy, tmp_path):
    backend = AzureBackend(tmp_path / "home", {**settings, "default_compute": "nowhere"})
    assert "no compute target called 'nowhere'" in failure(submit(backend, toy, tmp_path))
    backend = AzureBackend(tmp_path / "home", {**settings, "default_compute": "cpu-clusters"})
    assert "did you mean 'cpu-cluster'" in failure(submit(backend, toy, tmp_path))


@pytest.mark.parametrize(
    ("status", "code", "message", "kind", "told"),
    [
        (409, "Conflict", "it exists already", Busy, "choose another name"),
        (400, "UserError", "Total cores quota exceeded", BackendUnavailable, "quota exceeded"),
        (400, "UserError", "image build failed: no package", BackendUnavailable, "image build"),
        (400, "UserError", "what nobody foresaw", BackendUnavailable, "concrete doctor --backend"),
        (400, "UserError", "snapshot is over 300 MB", BackendUnavailable, "snapshot is over"),
    ],
)
def test_azure_refuses_the_run(backend, toy, tmp_path, faults, status, code, message, kind, told):
    faults.append(Fault("PUT .*/jobs/", status, code, message, times=9))
    assert told in failure(submit(backend, toy, tmp_path), kind)


def test_a_compute_that_may_not_be_seen(backend, toy, tmp_path, faults):
    faults.append(Fault("GET .*/computes/", 403, "AuthorizationFailed", "you may not", times=9))
    assert "role AzureML Data Scientist" in failure(submit(backend, toy, tmp_path))


@pytest.mark.parametrize("reason", ["Image build failed: no such package", "Quota exceeded"])
def test_azure_cannot_begin(run, emulator, reason):
    emulator.cloud.doom = reason
    _, events = run(fault("nothing"))
    assert (events["fault"].state, events["fault"].detail) == (State.FAILED, reason)
    assert events["after"].state is State.SKIPPED


def test_ctrl_c_leaves_the_run_alone(backend, emulator, tmp_path):
    handle = backend.submit(fault("sleep"), tmp_path / "run", Options())
    events = backend.watch(handle)
    assert next(events).state is State.RUNNING
    with pytest.raises(Interrupted) as caught:
        events.throw(KeyboardInterrupt)
    assert f"concrete logs {handle} --follow" in caught.value.help
    assert not emulator.runs[handle].ended
    backend.cancel(handle)


def test_the_extra_is_not_installed():
    code = (
        "import sys; sys.modules['azure'] = None\n"
        "from pathlib import Path; from concrete_cli.backend import load\n"
        "from concrete_cli.errors import BackendUnavailable\n"
        "try: load('azureml-v2', Path('.'))\n"
        "except BackendUnavailable as error: print(error, error.help, error.exit_code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "concrete-cli[azureml-v2]" in done.stdout
    assert done.stdout.endswith("7\n")


def test_the_portal_cancels_the_run(backend, emulator, tmp_path):
    handle = backend.submit(fault("sleep"), tmp_path / "run", Options())
    emulator.runs[handle].canceled.set()
    events = {event.step: event for event in backend.watch(handle)}
    assert events["fault"].state in (State.FAILED, State.SKIPPED)
    assert "canceled" in events["fault"].detail


def test_an_unmatched_request_is_an_error_of_the_emulator(backend, emulator):
    with pytest.raises(ConcreteError, match=r"the emulator has no answer to GET .*/featuresets"):
        backend.client.call("list what we never list", lambda ml: list(ml.feature_sets.list()))
    assert "featuresets" in emulator.unmatched.pop()
    assert not emulator.unmatched


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"subscripton": "x"}, "did you mean 'subscription'"),
        ({"auth": "password"}, "none of cli"),
        ({"compute": {"gpu": {"kind": "databricks"}}}, "only on --backend azureml"),
        ({"compute": {"gpu": {"kind": "toaster"}}}, "'toaster'"),
        ({"compute": {"gpu": {"size": 3}}}, "compute.gpu.size: there is no such setting"),
        ({"compute": "gpu"}, "table of tables"),
        ({"compute": {"gpu": {"instance_count": "many"}}}, "compute.gpu.instance_count: a number"),
        ({"compute": {"gpu": {"target": 3}}}, "compute.gpu.target: text was expected, not 3"),
        ({"tries": "x"}, "tries: a number from 0 was expected"),
        ({"parameters": "x"}, "parameters: a list of names"),
        ({"cloud": "MyCloud"}, "AzureCloud"),
    ],
)
def test_settings_are_checked(tmp_path, given, told):
    with pytest.raises(ExperimentInvalid) as caught:
        AzureBackend(tmp_path, given)
    assert told in caught.value.problems[0].message
