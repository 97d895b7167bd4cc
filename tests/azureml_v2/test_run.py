"""A plan runs in the emulated cloud with the real SDK."""

import json
import threading
import time

import pytest
from concrete_cli.backends.azureml_v2 import AzureBackend

from concrete_cli.backend import Options, State
from concrete_cli.errors import NotFound
from concrete_cli.plan import Output, Plan, Source, Step
from memory import forget_peak, peak
from toys_v2 import STEPS, fault


def states(events):
    return {name: event.state.value for name, event in events.items()}


def test_a_plan_runs_and_its_outputs_come_here(run, backend, toy, tmp_path):
    handle, events = run(toy)

    assert set(states(events).values()) == {"done"}, events
    assert events["best"].entry.startswith(handle)
    backend.fetch(handle, Output("best", "model"), tmp_path / "model")
    found = json.loads((tmp_path / "model" / "metrics.json").read_text())
    assert found == {"label": "it's 2", "total": 3.5}
    assert backend.logs(handle, "numbers") == "read 3\n"


def test_the_step_finds_the_names_of_its_run(run, emulator, toy):
    handle, _ = run(toy)
    assert emulator.runs[handle].title == "toy"
    assert {run.title for run in emulator.runs.values() if run.parent == handle} == {
        "numbers",
        "power_2",
        "power_3",
        "best",
    }


def test_nothing_changed_means_nothing_runs_and_nothing_is_uploaded(run, emulator, toy):
    run(toy)
    before = len(emulator.calls)

    _, events = run(toy)

    assert set(states(events).values()) == {"reused"}
    writes = [call for call in emulator.calls[before:] if call.method == "PUT"]
    assert not [call for call in writes if "/acct/" in call.path], writes


def test_a_large_file_is_streamed_and_goes_up_once(run, backend, emulator, tmp_path):
    """The peak is that of the client and the emulator together; 1 GB takes no more."""
    with (tmp_path / "big.csv").open("wb") as file:
        file.truncate(160 << 20)
    (tmp_path / "look.py").write_text("import os, sys; print(os.stat(sys.argv[2]).st_size)\n")
    rows = {"rows": Source(str(tmp_path / "big.csv"))}
    plan = Plan("big", (Step("look", str(tmp_path / "look.py"), rows),))
    backend.client.ml  # noqa: B018  what this takes is not the file's
    before = forget_peak()
    handle, _ = run(plan)
    assert peak() - before < 128 << 20
    assert backend.logs(handle, "look") == f"{160 << 20}\n"
    begin = len(emulator.calls)
    run(plan)
    assert not [one for one in emulator.calls[begin:] if one.path.endswith("big.csv")
                and one.method == "PUT"]  # fmt: skip


def test_a_reused_output_can_be_fetched(run, backend, toy, tmp_path):
    run(toy)
    handle, _ = run(toy)
    backend.fetch(handle, Output("numbers", "data"), tmp_path / "data")
    assert json.loads((tmp_path / "data" / "numbers.json").read_text()) == [-0.5, -1.0, -1.5]


def test_forced_steps_run_again(run, toy):
    run(toy)
    _, events = run(toy, Options(force=("numbers",)))
    assert states(events)["numbers"] == "done"
    _, events = run(toy, Options(reuse=False))
    assert set(states(events).values()) == {"done"}


def test_a_changed_parameter_reruns_what_depends_on_it(run, toy, source):
    run(toy)
    changed = [
        Step("power_3", step.script, step.inputs, step.outputs, {"label": "it's 3", "exponent": 4})
        if step.name == "power_3"
        else step
        for step in toy.steps
    ]
    _, events = run(Plan("toy", tuple(changed)))
    assert states(events) == {
        "numbers": "reused",
        "power_2": "reused",
        "power_3": "done",
        "best": "done",
    }


def test_a_failed_step_tells_why_and_the_rest_is_skipped(run, backend, tmp_path):
    handle, events = run(fault("fail"))

    assert states(events) == {"fault": "failed", "after": "skipped"}
    assert events["fault"].detail == "exited with 1"
    assert events["fault"].facts["tail"].splitlines()[-1] == "error: this went wrong"
    backend.fetch(handle, Output("fault", "kept"), tmp_path / "kept")
    assert (tmp_path / "kept" / "half.txt").exists()
    with pytest.raises(NotFound):
        backend.fetch(handle, Output("fault", "lost"), tmp_path / "lost")


def test_a_branch_that_does_not_wait_goes_on(run, toy):
    broken = fault("fail")
    _, events = run(Plan("both", (*toy.steps, *broken.steps)))
    assert states(events)["best"] == "done"
    assert states(events)["after"] == "skipped"


def test_inputs_are_read_only(run, source):
    _, events = run(fault("write", source=source))
    assert events["fault"].state is State.FAILED
    assert "Read-only file system" in events["fault"].detail
    assert source.read_text().split() == ["1", "2", "3"]


def test_a_step_that_takes_too_long_is_stopped(run):
    began = time.monotonic()
    _, events = run(fault("sleep", timeout=1))
    assert events["fault"].state is State.FAILED
    assert events["fault"].detail == "ran longer than 1 s"
    assert time.monotonic() - began < 30


def test_a_flaky_step_is_tried_again_inside_the_cloud(run, backend):
    handle, events = run(fault("flaky", retries=1, reuse=False))
    assert states(events) == {"fault": "done", "after": "done"}
    assert "try 1 ended with 1; trying again" in backend.logs(handle, "fault")


def test_cancel_stops_the_processes(backend, emulator, tmp_path):
    handle = backend.submit(fault("sleep"), tmp_path / "run", Options())
    seen = []
    watcher = threading.Thread(target=lambda: seen.extend(backend.watch(handle)))
    watcher.start()
    while "about to sleep" not in backend.logs(handle, "fault"):
        time.sleep(0.05)

    backend.cancel(handle)
    backend.cancel(handle)
    watcher.join(20)

    assert states({event.step: event for event in seen}) == {"fault": "failed", "after": "skipped"}
    assert [event.detail for event in seen if event.state.ended] == [
        "canceled",
        "the run was canceled",
    ]
    backend.cancel(handle)  # a finished run: not an error
    assert emulator.runs[f"{handle}-fault"].status == "Canceled"


def test_another_machine_can_watch_and_fetch_by_the_handle(run, settings, toy, tmp_path):
    handle, events = run(toy)
    other = AzureBackend(tmp_path / "elsewhere", settings)

    again = {event.step: event for event in other.watch(handle)}

    assert states(again) == states(events)
    other.fetch(handle, Output("best", "model"), tmp_path / "model")
    assert f"/runs/{handle}" in other.url(handle)


def test_watching_an_unknown_run_says_so(backend):
    with pytest.raises(NotFound, match="cannot watch run nonsense"):
        list(backend.watch("nonsense"))


def test_a_later_plan_takes_up_an_output_of_a_run(run, toy):
    handle, _ = run(toy)
    total = Output("again", "total")
    later = Step(
        "again",
        str(STEPS / "power.py"),
        {"data": Source(f"run:{handle}/numbers.data")},
        (total,),
        {"label": "later", "exponent": 1},
    )
    _, events = run(Plan("later", (later,)))
    assert states(events) == {"again": "done"}


def test_a_published_output_becomes_a_model_without_a_client(run, backend, toy):
    handle, _ = run(toy)
    found = backend.models.find("toy")
    assert f"{handle}-best" in found.path


def test_a_failed_run_registers_nothing(run, backend, toy, source):
    source.write_text("")
    broken = Plan("toy", toy.steps, {"never": toy.publishes["toy"]})
    _, events = run(broken)
    assert states(events)["numbers"] == "failed"
    with pytest.raises(NotFound):
        backend.models.find("never")
