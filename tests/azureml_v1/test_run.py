"""Plans run as pipelines, by the real SDK, in real processes of the emulator."""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from pathlib import Path

import pytest
from concrete_cli.backends.azureml import AzureBackend

from concrete_cli.backend import Options, State, were_stopped
from concrete_cli.errors import BackendUnavailable, NotFound, UsageError
from concrete_cli.plan import Output, Plan, Source, Step
from memory import forget_peak, peak

STEPS = Path(__file__).parent / "steps"
DONE, REUSED, FAILED, SKIPPED = State.DONE, State.REUSED, State.FAILED, State.SKIPPED


def states(events):
    return {name: event.state for name, event in events.items()}


def test_a_plan_runs_and_its_outputs_and_logs_come_back(run, backend, toy, tmp_path):
    handle, events = run(toy)
    assert states(events) == dict.fromkeys(["numbers", "power_2", "power_3", "best"], DONE)
    backend.fetch(handle, Output("best", "model"), tmp_path / "model")
    assert json.loads((tmp_path / "model" / "best.json").read_text()) == 3.5
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["best.json"]
    assert backend.logs(handle, "numbers") == "read 3 numbers\n"
    assert events["power_2"].seconds > 0
    assert events["best"].entry


def test_a_step_is_a_submitted_run_whose_metrics_arrive(run, backend):
    measure = Step("measure", str(STEPS / "measure.py"), {}, (Output("measure", "done"),))
    handle, events = run(Plan("measured", (measure,)))
    assert states(events) == {"measure": DONE}
    assert backend.metrics(handle, "measure") == {"total": 3.5, "rows": 4}
    assert backend.logs(handle, "measure").split() == [
        "_SubmittedRun", events["measure"].facts["run"], "concrete",
    ]  # fmt: skip


def test_a_step_waits_for_those_it_comes_after(run, faulty):
    plan = faulty("look")
    bad, after = plan.steps
    late = dataclasses.replace(
        bad, name="late", outputs=(Output("late", "kept"), Output("late", "lost")),
        after=("after",),
    )  # fmt: skip
    _, events = run(Plan("ordered", (bad, after, late)))
    assert states(events) == {"bad": DONE, "after": DONE, "late": DONE}
    assert events["late"].time > events["after"].time


def test_events_come_in_order_and_can_be_read_again_from_anywhere(run, settings, toy, tmp_path):
    handle, events = run(toy)
    elsewhere = AzureBackend(tmp_path / "another machine", settings)
    again = [(event.step, event.state, event.time) for event in elsewhere.watch(handle)]
    assert again[0][0] == "numbers"
    assert again[-1][0] == "best"
    assert {step: state for step, state, _ in again} == states(events)
    assert [moment for _, _, moment in again] == sorted(moment for _, _, moment in again)


def test_what_has_not_changed_is_reused_and_not_uploaded_again(
    run, backend, toy, emulator, tmp_path
):
    run(toy)
    before = len(emulator.calls)
    second, events = run(toy)
    assert states(events) == dict.fromkeys(["numbers", "power_2", "power_3", "best"], REUSED)
    uploads = [path for method, path, _ in emulator.calls[before:] if method == "PUT"]
    assert not [path for path in uploads if "blob.core.windows.net" in path]
    backend.fetch(second, Output("best", "model"), tmp_path / "again")
    assert (tmp_path / "again" / "best.json").read_text() == "3.5"
    assert backend.logs(second, "numbers") == "read 3 numbers\n"


def test_a_changed_parameter_runs_that_step_and_those_after_it(run, toy):
    run(toy)
    steps = [
        dataclasses.replace(one, params={**one.params, "exponent": 4})
        if one.name == "power_3" else one
        for one in toy.steps
    ]  # fmt: skip
    _, events = run(dataclasses.replace(toy, steps=tuple(steps)))
    assert states(events) == {"numbers": REUSED, "power_2": REUSED, "power_3": DONE, "best": DONE}


def test_force_and_no_reuse_run_steps_anew(run, toy):
    run(toy)
    _, events = run(toy, Options(force=("power_2",)))
    assert states(events)["numbers"] is REUSED
    assert states(events)["power_2"] is DONE
    _, events = run(toy, Options(reuse=False))
    assert set(states(events).values()) == {DONE}


def test_scripts_and_sources_go_up_once(run, toy, emulator):
    before = len(emulator.calls)
    run(toy)
    uploads = [path for method, path, _ in emulator.calls[before:] if method == "PUT"]
    names = sorted(path.rpartition("/")[2] for path in uploads if "blob" in path)
    assert names.count("numbers.txt") == 1
    assert names.count("power.py") <= 1  # two steps share it


def test_a_large_file_is_streamed_and_goes_up_once(backend, emulator, tmp_path):
    """The peak is that of the client and the emulator together; 1 GB takes no more."""
    backend.client.workspace  # noqa: B018  what the SDK itself takes is not the file's
    size = 96 << 20
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.write(b"begin")
        file.truncate(size)
    name, script = "numbers", str(STEPS / "numbers.py")
    given = {"source": Source(str(large))}
    plan = Plan("large", (Step(name, script, given, (Output(name, "data"),), {"factor": 1}),))
    folder = tmp_path / "run"
    folder.mkdir()
    before, used = len(emulator.calls), forget_peak()
    backend.cancel(backend.submit(plan, folder, Options()))
    assert peak() - used < 72 << 20
    (kept,) = (emulator.folder / "blobs" / "cont").rglob("large.bin")
    with kept.open("rb") as file:
        assert (kept.stat().st_size, file.read(6)) == (size, b"begin\0")
    puts = [path for method, path, _ in emulator.calls[before:] if method == "PUT"]
    assert sum(path.endswith("large.bin") for path in puts) > 10
    before = len(emulator.calls)
    backend.cancel(backend.submit(plan, folder, Options()))
    puts = [path for method, path, _ in emulator.calls[before:] if method == "PUT"]
    assert not [path for path in puts if path.endswith("large.bin")]


def test_a_step_sees_its_imports_and_nothing_else(run, backend, faulty):
    handle, _ = run(faulty("look"))
    assert "with the files ['fault.py']" in backend.logs(handle, "bad")


def test_a_failed_step_keeps_what_was_mounted_and_not_what_was_to_be_uploaded(
    run, backend, faulty, emulator, tmp_path
):
    handle, events = run(faulty("fail"))
    assert states(events) == {"bad": FAILED, "after": SKIPPED}
    assert events["bad"].detail == "exited with 1"
    assert events["bad"].facts["tail"].endswith("error: this went wrong")
    assert events["after"].detail == "bad failed"
    assert events["bad"].facts["replay"] == (
        "mkdir -p replay/kept && mkdir -p replay/lost && python fault.py --how fail "
        "--source SOURCE_FILE --kept replay/kept --lost replay/lost"
    )
    own = events["bad"].facts["run"]
    outputs = emulator.state.runs[own]["_outputs"]
    assert (emulator.folder / outputs["bad__kept"] / "half.txt").is_file()
    assert not (emulator.folder / outputs["bad__lost"]).exists()
    backend.fetch(handle, Output("bad", "kept"), tmp_path / "kept")
    assert (tmp_path / "kept" / "half.txt").read_text() == "half"
    with pytest.raises(NotFound, match=r"bad\.lost"):
        backend.fetch(handle, Output("bad", "lost"), emulator.folder / "nowhere")


def test_the_line_that_replays_a_step_fetches_what_it_read(run, backend, toy):
    bad = dataclasses.replace(
        toy.step("power_3"), retries=0, params={"label": "it's", "exponent": "x"}
    )
    plan = Plan("toy", tuple(bad if one.name == bad.name else one for one in toy.steps))
    handle, events = run(plan)
    assert events["power_3"].facts["replay"] == (
        f"concrete fetch {handle} numbers.data replay/data && mkdir -p replay/total && "
        "python power.py --label 'it'\"'\"'s' --exponent x --data replay/data "
        "--total replay/total"
    )


def test_inputs_are_read_only(run, faulty):
    _, events = run(faulty("write"))
    assert states(events)["bad"] is FAILED
    told = events["bad"].detail + events["bad"].facts["tail"]
    assert "read-only" in told or "PermissionError" in told


def test_a_step_is_tried_again_with_empty_outputs(run, backend, faulty):
    handle, events = run(faulty("flaky", retries=1))
    assert states(events) == {"bad": DONE, "after": DONE}
    assert "attempt 1 ended with 1; trying again" in backend.logs(handle, "bad")


def test_a_step_that_takes_too_long_is_stopped(run, faulty):
    started = time.monotonic()
    _, events = run(faulty("sleep", timeout=1))
    assert states(events) == {"bad": FAILED, "after": SKIPPED}
    assert events["bad"].detail.startswith("ran longer than 1 s: ")
    assert time.monotonic() - started < 30


def test_cancelling_stops_what_runs_and_may_be_done_twice(backend, faulty, tmp_path):
    folder = tmp_path / "quiet-heron"
    folder.mkdir()
    handle = backend.submit(faulty("sleep"), folder, Options())
    watching = backend.watch(handle)
    assert next(watching).state is State.RUNNING
    threading.Timer(0.2, backend.cancel, [handle]).start()
    events = {event.step: event for event in watching}
    assert states(events) == {"bad": FAILED, "after": SKIPPED}
    assert events["bad"].detail == "canceled"
    assert events["after"].detail == "the run was canceled"
    backend.cancel(handle)


def test_somebody_else_cancels_the_run_in_the_portal(backend, emulator, faulty, tmp_path):
    folder = tmp_path / "calm-heron"
    folder.mkdir()
    handle = backend.submit(faulty("sleep"), folder, Options())
    watching = backend.watch(handle)
    assert next(watching).state is State.RUNNING
    emulator.state.pipelines[handle]["_driver"].cancel()  # nobody here has asked for it
    events = {event.step: event for event in watching}
    assert states(events) == {"bad": FAILED, "after": SKIPPED}
    assert were_stopped(events.values())
    assert backend._submitted(handle).code() == "Canceled"
    backend.cancel(handle)


def test_fetch_leaves_a_full_folder_alone(run, backend, toy, tmp_path):
    handle, _ = run(toy)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        backend.fetch(handle, Output("best", "model"), tmp_path / "full")
    assert (tmp_path / "full" / "mine.txt").read_text() == "mine"


def test_a_published_output_becomes_a_data_set(run, toy, emulator):
    run(toy)
    (version, *_) = emulator.state.datasets["toy"][-1:]
    assert version["name"] == "toy"


def test_steps_run_on_targets_of_every_kind(settings, toy, tmp_path, emulator, monkeypatch):
    kinds = {
        "box": ("instance", "ComputeInstance"),
        "vm": ("remote_vm", "VirtualMachine"),
        "k8s": ("kubernetes", "Kubernetes"),
        "spark": ("hdinsight", "HDInsight"),
        "bricks": ("databricks", "Databricks"),
    }
    for name, (_, there) in kinds.items():
        monkeypatch.setitem(emulator.state.computes, name, there)
    given = {name: {"kind": kinds[name][0]} for name in ("box", "vm", "k8s")}
    backend = AzureBackend(tmp_path / "home", settings | {"compute": given})
    targets = iter(("box", "vm", "k8s", "cpu-cluster"))
    steps = (dataclasses.replace(one, compute=next(targets)) for one in toy.steps)
    folder = tmp_path / "run"
    folder.mkdir()
    handle = backend.submit(Plan("toy", tuple(steps)), folder, Options())
    last = {event.step: event for event in backend.watch(handle)}
    assert set(states(last).values()) == {DONE}
    own = [emulator.state.runs[event.facts["run"]]["target"] for event in last.values()]
    assert sorted(own) == ["box", "cpu-cluster", "k8s", "vm"]


def test_a_source_of_a_step_on_databricks_is_uploaded_and_found(
    settings, toy, tmp_path, emulator, monkeypatch, source
):
    monkeypatch.setitem(emulator.state.computes, "bricks", "Databricks")
    compute = {"bricks": {"kind": "databricks", "cluster": "0101"}}
    backend = AzureBackend(tmp_path / "home", settings | {"compute": compute})
    first, *others = toy.steps
    plan = Plan("toy", (dataclasses.replace(first, compute="bricks"), *others))
    backend.client.pipeline(plan, tmp_path / "code")  # no cluster is emulated that could run it
    ((_, path),) = {backend.client.locate(item) for _, item in first.items()}
    assert [call for call in emulator.calls if call[0] == "PUT" and path in call[1]]
    with pytest.raises(UsageError, match="on databricks cannot read azureml:known:1"):
        backend.client.locate(Source("azureml:known:1"))
    assert backend.client.locate(Source("azureml://datastores/lake/paths/a/b")) == ("lake", "a/b")


def test_what_nobody_knows_is_not_found(backend, run, toy):
    with pytest.raises(NotFound, match="no run in Azure ML"):
        list(backend.watch("00000000-1111-2222-3333-444444444444"))
    handle, _ = run(toy)
    with pytest.raises(NotFound) as caught:
        backend.logs(handle, "numbrs")
    assert "numbers" in caught.value.help


def test_outputs_go_where_they_are_sent(settings, toy, tmp_path, emulator):
    settings["destinations"] = {"best.*": "archive/kept/{run}/{output}"}
    backend = AzureBackend(tmp_path / "home", settings)
    folder = tmp_path / "calm-lynx"
    folder.mkdir()
    handle = backend.submit(toy, folder, Options())
    list(backend.watch(handle))
    place = backend.location(handle, Output("best", "model"))
    assert place.startswith("azureml://datastores/archive/paths/kept/")
    backend.fetch(handle, Output("best", "model"), tmp_path / "model")
    assert (tmp_path / "model" / "best.json").is_file()


def test_outputs_go_to_datastores_of_any_kind(settings, toy, tmp_path, emulator):
    path = "kept/{run}/{step}/{output}"
    settings["destinations"] = {
        "numbers": f"share/{path}", "power_2": f"lake/{path}", "power_3": f"old_lake/{path}",
    }  # fmt: skip
    backend = AzureBackend(tmp_path / "home", settings)
    folder = tmp_path / "calm-lynx"
    folder.mkdir()
    handle = backend.submit(toy, folder, Options())
    last = {event.step: event.state for event in backend.watch(handle)}
    assert last == dict.fromkeys(["numbers", "power_2", "power_3", "best"], DONE)
    sent = {"share": ("numbers", "data"), "lake": ("power_2", "total"),
            "old_lake": ("power_3", "total")}  # fmt: skip
    for store, (step, output) in sent.items():
        place = backend.location(handle, Output(step, output))
        assert place.startswith(f"azureml://datastores/{store}/paths/kept/")
        assert f"/{step}/{step}__{output}" in place
    assert backend.check_there(toy) == []
    settings["destinations"] = {"best": f"lake/{path}"}
    (found,) = AzureBackend(tmp_path / "home", settings).check_there(toy)  # best is published
    assert found == (
        "destinations.best", "lake is a data lake, from which SDK v1 can register no model",
    )  # fmt: skip
    with pytest.raises(BackendUnavailable, match="lake is a data lake") as error:
        backend.fetch(handle, Output("power_2", "total"), tmp_path / "total")
    assert "az storage" in error.value.help
    assert not (tmp_path / "total").exists()
