"""Whatever goes wrong is one clear line of our own, with the exit code that fits; no noise."""

from __future__ import annotations

import _thread
import json
import logging
import os
import subprocess
import sys
import threading

import pytest
from concrete_cli.backends.azureml import AzureBackend, auth, patience, sdk
from concrete_cli.backends.azureml.submitted import Submitted

from concrete_cli.backend import Options, State
from concrete_cli.errors import BackendUnavailable, Busy, Interrupted, NotFound, UsageError
from concrete_cli.plan import Plan

API = "westeurope"
ARM = "management.azure.com"


@pytest.fixture(autouse=True)
def silence(capfd):
    """The SDK prints and logs; nothing of it may get out."""
    yield
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


@pytest.fixture
def submit(settings, tmp_path):
    def act(plan, **changes):
        backend = AzureBackend(tmp_path / "home", settings | changes)
        folder = tmp_path / "amber-otter"
        folder.mkdir(exist_ok=True)
        return backend, backend.submit(plan, folder, Options())

    return act


def refusal(call, *args, **options):
    with pytest.raises(BackendUnavailable) as caught:
        call(*args, **options)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 500
    assert caught.value.help
    return text


def test_a_login_that_is_wrong_or_missing(submit, toy, monkeypatch):
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "hunter2-wrong")
    text = refusal(submit, toy)
    assert text.startswith("not logged in to Azure")
    assert "hunter2" not in text
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    assert "AZURE_CLIENT_SECRET is not set" in refusal(submit, toy)


def test_the_help_fits_the_way_of_logging_in(submit, toy, monkeypatch):
    with pytest.raises(BackendUnavailable, match="not logged in to Azure") as caught:
        submit(toy, auth="cli")
    assert "az login" in caught.value.help
    monkeypatch.setattr(auth, "IDENTITIES", ("127.0.0.1", 9))  # not a machine of Azure
    with pytest.raises(BackendUnavailable, match="this machine has no identity") as caught:
        submit(toy, auth="managed_identity")
    assert "may use the workspace" in caught.value.help
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")
    with pytest.raises(BackendUnavailable, match="not logged in to Azure") as caught:
        submit(toy)
    assert "AZURE_CLIENT_SECRET" in caught.value.help


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "no workspace is named, and there is no config.json"),
        ("{not json", "config.json is not JSON"),
        ("[1]", "config.json is not JSON with names"),
        ('{"workspace_name": "ws"}', "config.json has no subscription_id"),
        ('{"subscription_id": "s", "resource_group": "rg", "workspace_name": null}',
         "config.json has no workspace_name"),
    ],
)  # fmt: skip
def test_config_json_is_missing_or_broken(submit, toy, tmp_path, monkeypatch, text, told):
    monkeypatch.chdir(tmp_path)
    nowhere = dict.fromkeys(("subscription", "resource_group", "workspace"), "")
    if text:
        (tmp_path / "config.json").write_text(text)
    assert told in refusal(submit, toy, **nowhere)
    found = {one.what: one for one in AzureBackend(tmp_path, {}).doctor()}
    assert not found["workspace named"].ok
    assert told in found["workspace named"].detail


def test_config_json_is_found_as_the_sdk_finds_it(submit, toy, tmp_path, monkeypatch, settings):
    deep = tmp_path / "project" / "deep"
    deep.mkdir(parents=True)
    named = {"resource_group": "rg", "workspace_name": "ws"}
    text = json.dumps({"subscription_id": settings["subscription"], **named})
    (tmp_path / "project" / "config.json").write_text(text)
    monkeypatch.chdir(deep)
    nowhere = dict.fromkeys(("subscription", "resource_group", "workspace"), "")
    _, handle = submit(toy, **nowhere)
    assert handle


def test_a_subscription_or_workspace_that_is_not_there(submit, toy):
    wrong = "99999999-0000-0000-0000-000000000000"
    assert wrong in refusal(submit, toy, subscription=wrong)
    assert "there is no workspace 'other'" in refusal(submit, toy, workspace="other")


def test_no_permission(submit, toy, emulator):
    emulator.faults.add("GET", f"{ARM}/subscriptions/.*/workspaces/ws$", status=403, times=1)
    told = refusal(submit, toy)
    assert told == "Azure refuses: finding the workspace: injected: AuthorizationFailed"
    emulator.faults.add("POST", "PipelineRuns/Unsubmitted", status=403, times=1)
    assert refusal(submit, toy).startswith("Azure refuses: submitting the pipeline")


def test_the_resource_manager_cannot_be_reached(submit, toy, emulator):
    emulator.faults.add(".", ARM, drop=True, times=20)
    try:
        assert "finding the workspace" in refusal(submit, toy)
    finally:
        emulator.faults.clear()


def test_busy_services_are_asked_again(submit, toy, emulator, monkeypatch):
    backend, handle = submit(toy)
    emulator.faults.add("POST", "AllNodes/Status", status=429, times=1)
    emulator.faults.add("GET", "PipelineRuns/[^/]*$", status=503, times=1)
    events = {event.step: event.state for event in backend.watch(handle)}
    assert all(state.good for state in events.values())


@pytest.mark.parametrize(
    ("status", "method", "path"),
    [
        (429, "GET", f"{ARM}/subscriptions/.*/workspaces/ws$"),
        (429, "GET", "/datastore/"),
        (429, "POST", "PipelineRuns/Unsubmitted"),
        (503, "POST", "PipelineRuns/Unsubmitted"),
    ],
)
def test_busy_services_are_asked_again_when_a_run_is_submitted(
    submit, toy, emulator, naps, status, method, path
):
    emulator.faults.add(method, path, status=status, times=2)
    try:
        _, handle = submit(toy)
    finally:
        emulator.faults.clear()
    assert handle
    assert naps == [0.5, 1.0]


def test_a_service_that_stays_busy_is_an_error(submit, toy, emulator, naps):
    emulator.faults.add("POST", "PipelineRuns/Unsubmitted", status=429, times=99)
    try:
        text = refusal(submit, toy)
    finally:
        emulator.faults.clear()
    assert text.startswith("Azure asks for patience: submitting the pipeline")
    assert naps == [0.5, 1.0, 2.0]


def test_a_look_at_a_run_is_no_long_wait_for_a_busy_service(
    submit, toy, emulator, naps, monkeypatch
):
    backend, handle = submit(toy)
    monkeypatch.setattr(Submitted, "entity", busy)
    with pytest.raises(BackendUnavailable) as caught:
        list(backend.glance(handle))
    text = "Azure does not answer now: looking at the run: it answered 503 again and again"
    assert str(caught.value) == text
    assert naps == []


def busy(self):
    why = "Error occurred in request., RetryError: HTTPConnectionPool(host='127.0.0.1', port=80): "
    why += "Max retries exceeded with url: /a (Caused by ResponseError('too many 503 error "
    raise type("ClientRequestError", (Exception,), {})(f"{why}responses'))")


@pytest.fixture
def naps(monkeypatch):
    """How long was waited before the same was asked again."""
    slept = []
    monkeypatch.setattr(patience, "sleep", slept.append)
    return slept


def test_a_token_that_expires_while_waiting(submit, toy, emulator):
    backend, handle = submit(toy)
    emulator.faults.add("POST", "AllNodes/Status", status=401, times=1)
    with pytest.raises(BackendUnavailable) as caught:
        list(backend.watch(handle))
    said = "not logged in to Azure: watching the run: injected: InvalidAuthenticationToken"
    assert str(caught.value) == said
    assert f"the run goes on in Azure ML; watch it again: concrete logs {handle}" in (
        caught.value.help
    )
    assert all(event.state.good for event in backend.watch(handle) if event.state.ended)


def test_compute_that_is_not_there_or_of_another_kind(submit, toy):
    with pytest.raises(BackendUnavailable, match="compute target called 'cpu-clusters'") as caught:
        submit(toy, default_compute="cpu-clusters")
    assert "did you mean 'cpu-cluster'" in caught.value.help
    with pytest.raises(UsageError, match="is a AmlCompute, not a Kubernetes"):
        submit(toy, compute={"cpu-cluster": {"kind": "kubernetes"}})


def test_an_environment_that_is_not_there(submit, toy):
    with pytest.raises(NotFound, match="environment in Azure ML called 'curate:1'"):
        submit(toy, environment="curate:1")
    with pytest.raises(NotFound, match="curated:7"):
        submit(toy, environment="curated:7")


def test_data_that_is_not_there(submit, toy, source):
    source.unlink()
    with pytest.raises(NotFound, match="no file called"):
        submit(toy)


@pytest.mark.parametrize(
    "message",
    [
        "Image build failed. For more details, check log file azureml-logs/20_image_build_log.txt.",
        "Requested vCPUs would exceed the family quota of 24 for Standard_D in westeurope.",
    ],
)
def test_a_step_that_azure_cannot_start(submit, toy, emulator, message):
    emulator.state.unlucky["numbers"] = message
    try:
        backend, handle = submit(toy)
        events = {event.step: event for event in backend.watch(handle)}
    finally:
        emulator.state.unlucky.clear()
    assert events["numbers"].state is State.FAILED
    assert events["numbers"].detail == message
    assert events["best"].state is State.SKIPPED


def test_headers_of_an_answer_are_not_told(backend, emulator):
    emulator.faults.add("GET", "/services", status=403)
    assert refusal(backend.endpoints.list) == (
        "Azure refuses: listing the endpoints: injected: AuthorizationFailed"
    )
    emulator.faults.add("GET", "/computes", status=403)
    told = refusal(lambda: backend.client.check_compute(Plan("empty", ())))
    assert told == "Azure refuses: listing the compute targets: injected: AuthorizationFailed"


def test_a_conflict_can_be_tried_again(submit, toy, emulator):
    emulator.faults.add("POST", "PipelineRuns/Unsubmitted", status=409, times=1)
    with pytest.raises(Busy, match=r"injected: Conflict$") as caught:
        submit(toy)
    assert caught.value.help == "wait, or choose another name"


def test_a_data_lake_takes_no_uploads(submit, toy):
    assert "lake is a data lake" in refusal(submit, toy, datastore="lake")


def test_an_upload_that_fails_leaves_nothing_that_is_taken_for_whole(submit, toy, emulator, source):
    emulator.faults.add("PUT", "cont/concrete/sources/.*numbers.txt", status=403, times=1)
    assert "bringing" in refusal(submit, toy)
    backend, handle = submit(toy)
    assert all(event.state.good for event in backend.watch(handle) if event.state.ended)


def test_interrupting_the_wait_leaves_the_run_alone(submit, faulty):
    backend, handle = submit(faulty("sleep"))
    events = backend.watch(handle)
    assert next(events).state is State.RUNNING
    threading.Timer(0.3, _thread.interrupt_main).start()
    with pytest.raises(Interrupted, match=f"{handle} goes on in Azure") as caught:
        next(events)
    assert handle in caught.value.help
    assert backend._submitted(handle).code() == "Running"
    backend.cancel(handle)


BLOCK = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "azureml":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Block())
"""


def python(code):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_sdk_is_not_installed_or_python_is_too_new():
    ask = (
        "from concrete_cli.backends.azureml import sdk\n"
        "from concrete_cli.errors import BackendUnavailable\n"
        "sdk.find_spec = lambda name: None\n"
        "for sdk.LAST_PYTHON in ((9, 9), (3, 10)):\n"
        "    try: sdk.part('client')\n"
        "    except BackendUnavailable as error: print(error, '|', error.help)\n"
    )
    first, second = python(BLOCK + ask).splitlines()
    assert "needs the package azureml-core | pip install 'concrete-cli[azureml]'" in first
    assert "needs Python 3.11; this is" in second


def test_the_backend_itself_imports_no_sdk_until_it_is_asked():
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from concrete_cli import backend\n"
        "made = backend.load('azureml', Path('nowhere'), {})\n"
        "print([name for name in sys.modules if name.startswith(('azure', 'msrest', 'requests'))])"
    )
    assert python(code) == "[]\n"


def test_what_two_threads_silence_is_heard_again_afterwards():
    before = (sys.stdout, sys.stderr, logging.root.manager.disable)
    first, second = sdk.quiet(), sdk.quiet()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)  # not in the order of a stack
    assert logging.root.manager.disable == logging.CRITICAL
    second.__exit__(None, None, None)
    assert (sys.stdout, sys.stderr, logging.root.manager.disable) == before


def test_telemetry_is_off(backend):
    backend.client.workspace  # noqa: B018
    import azureml.telemetry

    assert azureml.telemetry.HBI_MODE is True


def test_the_doctor_tells_what_is_there(backend, settings, emulator):
    found = {one.what: one for one in backend.doctor(live=True)}
    assert found["Azure ML SDK v1"].ok
    assert not found["support"].ok
    assert "June 2026" in found["support"].detail
    assert found["workspace"].ok
    assert found["compute cpu-cluster"].detail == "cpu-cluster, gpu-cluster"
    wrong = AzureBackend(backend._home, settings | {"workspace": "other"})
    last = wrong.doctor(live=True)[-1]
    assert not last.ok
    assert "no workspace 'other'" in last.detail
    before = len(emulator.calls)
    backend.doctor()
    assert len(emulator.calls) == before
