"""Dying at any place where something is written: what is found is the old state or the new one."""

import signal

import pytest
from concrete_cli.backends.local import LocalBackend

from concrete_cli import disk, runs
from concrete_cli import home as homes
from concrete_cli.backend import Options
from concrete_cli.cache import Cache
from concrete_cli.commands import collect
from concrete_cli.runs import Runs
from concrete_cli.workspace import Workspace

WRITE = "(out / 'text.txt').write_text('whole')\n"
POINTS = [
    *(
        f"{moment}:{name}"
        for name in ("README", "CACHEDIR.TAG", ".gitignore", "VERSION")
        for moment in ("write", "written")
    ),
    *(
        f"{moment}:{name}"
        for name in ("plan.json", "experiment.toml", "run.json", "run.json#2")
        for moment in ("write", "written")
    ),
    "run:create",
    "run:created",
    "cache:rename",
    "cache:rename#2",
    "cache:renamed",
    "cache:renamed#2",
    "append:events.jsonl",
    "append:events.jsonl#2",
    "append:events.jsonl#3",
    "appended:events.jsonl",
    "appended:events.jsonl#2",
    "failed:keep",
    "failed:kept",
]


@pytest.fixture
def steps(rig):
    return (
        rig.step("first", WRITE),
        rig.step("second", WRITE, data="first.out"),
        rig.step("optional", "sys.exit(1)", optional=True, data="second.out"),
        rig.step("last", WRITE, data="second.out"),
    )


@pytest.mark.parametrize("point", POINTS)
def test_the_next_run_finds_the_old_state_or_the_new_one(rig, tmp_path, steps, point):
    home = tmp_path / "another home"

    def everything():
        rig.home = homes.prepare(home)
        rig.backend = LocalBackend(home, {})
        rig.watch(rig.submit(*steps))

    died = rig.elsewhere(everything, CONCRETE_FAILPOINT=point).wait()
    assert died == -signal.SIGKILL, "this place was not passed"

    homes.prepare(home)
    assert {path.name for path in home.iterdir()} >= {"README", "VERSION", *homes.FOLDERS}
    for entry in Cache(home).entries():
        assert not entry.damage()
    for run in Runs(home).all():
        assert run.plan.steps
        assert run.options == Options(jobs=2)
        assert (run.folder / "experiment.toml").is_file()
        assert runs.status(run.plan, run.last_events(), driven=False, cancelled=False) != "running"
        assert all(not event.entry or Cache(home).entry(event.entry) for event in run.events())
        last = {event.step: event for event in LocalBackend(home, {}).watch(run.id)}
        assert last.pop("optional").state == "failed"
        assert {event.state.value for event in last.values()} <= {"done", "reused"}
        assert set(last) == {"first", "second", "last"}
    everything()
    assert not list((home / "tmp").iterdir())
    last = Runs(home).all()[0].last_events()
    assert (Cache(home).entry(last["last"].entry).output("out") / "text.txt").read_text() == "whole"


@pytest.mark.parametrize("same", [True, False], ids=["same", "different"])
@pytest.mark.parametrize(
    "point", ["aside", "cache:rename", "cache:renew:log.txt", "cache:renew:step.json"]
)
def test_running_anew_keeps_the_old_entry_or_has_the_new_one(rig, point, same):
    body = WRITE if same else "(out / 'text.txt').write_text(str(time.time_ns()))"
    step = rig.step("one", body)
    rig.run(step)
    run = rig.submit(step, reuse=False)

    code = rig.elsewhere(run, CONCRETE_FAILPOINT=point).wait()

    if ("renew" in point) != same:
        assert code == 0  # this place is not on the way
    else:
        assert code == -signal.SIGKILL
    for entry in rig.cache.entries():
        assert not entry.damage()
    assert rig.watch(run)["one"].state in ("done", "reused")
    assert len(list(rig.cache.entries())) == 1


@pytest.mark.parametrize("point", ["aside", "aside#2", "aside#3"])
def test_collecting(rig, point):
    space = Workspace(rig.home)
    for name in ("one", "two"):
        rig.run(rig.step(name, WRITE))
    kept = rig.submit(rig.step("three", WRITE))
    rig.watch(kept)

    died = rig.elsewhere(lambda: collect.collect(space, 0), CONCRETE_FAILPOINT=point).wait()

    assert died == -signal.SIGKILL
    for run in space.runs.all():
        assert run.plan.steps
        assert run.events()
    for entry in rig.cache.entries():
        assert not entry.damage()
    collect.collect(space, 0)
    assert not space.runs.all()
    assert not list(rig.cache.entries())
    assert not list((rig.home / "tmp").iterdir())


def test_a_line_that_was_cut_short_at_any_byte_spoils_only_itself(rig):
    run = rig.submit(rig.step("one", WRITE), rig.step("two", WRITE, data="one.out"))
    rig.watch(run)
    path = run.folder / "events.jsonl"
    whole, events = path.read_bytes(), run.events()

    for cut in range(0, len(whole), 7):
        path.write_bytes(whole[:cut])
        found = run.events()
        assert found == events[: len(found)]
        disk.append_lines(path, [whole.splitlines()[-1].decode()])
        assert run.events() == [*found, events[-1]] or run.events() == [
            *events[: len(found) + 1],
            events[-1],
        ]

    path.write_bytes(whole[: len(whole) // 2])
    assert {event.state.value for event in rig.watch(run).values()} <= {"done", "reused"}
