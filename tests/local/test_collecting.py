"""What gc removes, and what it leaves, beside runs that go on or begin."""

import contextlib
import os
import time

import pytest

from concrete_cli import durations
from concrete_cli import home as homes
from concrete_cli.commands import collect
from concrete_cli.errors import Busy
from concrete_cli.runs import Runs
from concrete_cli.workspace import Workspace

WRITE = "(out / 'text.txt').write_text('x')\n"


def test_collecting_is_refused_while_a_run_goes_on(rig, until):
    begun, go = rig.folder / "begun", rig.folder / "go"
    wait = f"Path('{begun}').touch()\nwhile not Path('{go}').exists(): time.sleep(0.01)\n"
    run = rig.submit(rig.step("one", wait + WRITE))
    driver = rig.elsewhere(run)
    until(begun.exists)

    with pytest.raises(Busy, match="a run is going on"):
        collect.collect(Workspace(rig.home), 0)

    go.touch()
    assert driver.wait() == 0
    assert collect.collect(Workspace(rig.home), 0)["runs"] == 1


def test_a_run_that_begins_while_somebody_collects_waits(rig, until):
    begun, go = rig.folder / "begun", rig.folder / "go"

    def collects():
        with homes.alone(rig.home):
            begun.touch()
            until(go.exists)

    collector = rig.elsewhere(collects)
    until(begun.exists)
    run = rig.submit(rig.step("one", WRITE))
    driver = rig.elsewhere(run)
    until(lambda: run.driven)
    time.sleep(0.2)
    assert not run.events()

    go.touch()

    assert [collector.wait(), driver.wait()] == [0, 0]
    assert rig.states(run) == {"one": "done"}


def test_a_run_that_has_just_been_made_is_not_collected(rig):
    run = rig.submit(rig.step("one", WRITE))

    assert collect.collect(Workspace(rig.home), 0)["runs"] == 0

    assert rig.watch(run)["one"].state == "done"
    assert collect.collect(Workspace(rig.home), 0)["runs"] == 1


def test_what_a_command_looks_at_or_is_about_to_read_is_not_collected(rig):
    """Between the last step of a run and its result, say."""
    run = rig.submit(rig.step("one", WRITE))
    rig.watch(run)
    with homes.command():
        homes.prepare(rig.home)

        def collects():
            with contextlib.suppress(Busy):
                collect.collect(Workspace(rig.home), 0)
                os._exit(1)

        assert rig.elsewhere(collects).wait() == 0
        assert run.events()
        reads = rig.submit(rig.step("two", WRITE, source=f"run:{run.id}/one.out"))
        assert collect.collect(Workspace(rig.home), 0)["runs"] == 0  # the command itself may
    assert rig.watch(reads)["two"].state == "done"
    assert collect.collect(Workspace(rig.home), 0)["runs"] == 2


def test_a_run_that_is_named_while_somebody_collects_does_not_stop_them(rig):
    """Between the list of the folder and a look at it, the new run has got its name."""
    space = Workspace(rig.home)
    (space.runs.folder / ".2026-11-24-amber").symlink_to("gone")

    assert collect.collect(space, 0)["runs"] == 0


def test_collecting_again_and_again_beside_runs_harms_none(rig):
    """Whatever gc takes away, runs end well."""

    def collects():
        end = time.monotonic() + 2
        while time.monotonic() < end:
            try:
                collect.collect(Workspace(rig.home), 0)
            except Busy:
                time.sleep(0.001)

    collector = rig.elsewhere(collects)
    for n in range(6):
        first = rig.step("first", WRITE + f"# {n % 2}")
        last = rig.run(first, rig.step("second", WRITE, data="first.out"))
        assert {event.state.value for event in last.values()} <= {"done", "reused"}

    assert collector.wait() == 0


def test_collecting_keeps_what_younger_runs_came_to(rig, monkeypatch):
    old = rig.submit(rig.step("shared", WRITE), rig.step("old", WRITE + "# old"))
    rig.watch(old)
    monkeypatch.setattr(time, "time", lambda before=time.time: before() + durations.parse("10d"))
    record = old.record
    new = rig.submit(rig.step("shared", WRITE), rig.step("new", WRITE + "# new"))
    rig.watch(new)
    new.note(created=record["created"].replace(record["created"][:4], "2999"))
    for entry in rig.cache.entries():
        os.utime(entry.path, (0, 0))

    removed = collect.collect(Workspace(rig.home), durations.parse("1d"))

    assert (removed["runs"], removed["entries"]) == (1, 1)
    assert removed["bytes"] > 0
    assert [run.id for run in Runs(rig.home).all()] == [new.id]
    last = rig.run(rig.step("shared", WRITE), rig.step("new", WRITE + "# new"))
    assert {event.state.value for event in last.values()} == {"reused"}
