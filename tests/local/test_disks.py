"""Disks that are full, that cannot be written to, that give back something else."""

import contextlib
import ctypes
import errno
import json
import logging
import os
import shutil
import subprocess
import sys

import pytest
from concrete_cli.backends.local import LocalBackend

from concrete_cli.commands import collect
from concrete_cli.errors import NotFound
from concrete_cli.plan import Output
from concrete_cli.runs import Runs
from concrete_cli.workspace import Workspace

WRITE = "(out / 'text.txt').write_text('whole')\n(out / 'deep').mkdir()\n"
WRITE += "(out / 'deep' / 'more.txt').write_text('more')\n"
NEW_NAMESPACE = 0x00020000  # CLONE_NEWNS


def mount(*words):
    subprocess.run(["mount", *map(str, words)], check=True)


@pytest.fixture
def namespace(rig):
    """Call a function where mounts are seen by nobody else; return what it returns, as JSON."""
    if os.geteuid():
        pytest.skip("only root can mount")
    libc = ctypes.CDLL(None, use_errno=True)

    def call(function):
        answer = rig.folder / "answer.json"

        def inside():
            if libc.unshare(NEW_NAMESPACE):
                raise OSError(ctypes.get_errno(), "no mounts here")
            mount("--make-rprivate", "/")
            answer.write_text(json.dumps(function()))

        if rig.elsewhere(inside).wait():
            probe = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
            if probe.returncode:
                pytest.skip("this machine lets nobody mount")
            pytest.fail("it broke, see stderr")
        return json.loads(answer.read_text())

    return call


def command(*words, home, like_anybody=False):
    """Run the command; return exit code, stdout, stderr. Root may do what nobody else may."""
    root = like_anybody and not os.geteuid()
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if root else []
    if drop and not shutil.which(drop[0]):
        pytest.skip("root cannot give up what makes it root")
    done = subprocess.run(
        [*drop, sys.executable, "-m", "concrete_cli", *map(str, words), "--home", str(home)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("what", ["outputs", "log", "scratch"])
def test_full_while_a_step_writes(rig, namespace, what):
    size = 16 << 20
    bodies = {
        "outputs": f"(out / 'big').write_bytes(b'x' * {size})",
        "log": f"os.write(1, b'x' * {size})\nprint('more')",
        "scratch": f"Path('big').write_bytes(b'x' * {size})",
    }
    guard = f"if not Path({str(rig.folder / 'mended')!r}).exists():\n    "
    big = rig.step("big", WRITE + guard + bodies[what].replace("\n", "\n    "), data="small.out")
    steps = [rig.step("small", WRITE), big]

    def story():
        disk = rig.folder / "disk"
        disk.mkdir()
        mount("-t", "tmpfs", "-o", "size=8m", "none", disk)
        small = type(rig)(rig.folder, disk / "home")
        run = small.submit(*steps)
        code, out, err = command("resume", run.id, home=small.home)
        left = sum(f.stat().st_size for f in small.home.rglob("*") if f.is_file())
        (rig.folder / "mended").touch()
        again = command("resume", run.id, "--json", home=small.home)
        return [code, out, err, left, again[0], json.loads(again[1])["steps"]]

    code, out, err, left, again, states = namespace(story)

    assert code == 7
    assert out == ""
    assert "error: cannot write" in err
    assert "No space left on device" in err
    assert "help: free some space" in err
    assert "Traceback" not in err
    assert left < 1 << 20, "what a failed step wrote is gone"
    assert again == 0
    assert [one["state"] for one in states] == ["done", "done"]


def test_full_when_a_run_begins(rig, namespace):
    def story():
        disk = rig.folder / "disk"
        disk.mkdir()
        mount("-t", "tmpfs", "-o", "size=2m", "none", disk)
        small = type(rig)(rig.folder, disk / "home")
        step = rig.step("one", WRITE)
        small.watch(small.submit(step))
        ballast = disk / "ballast"
        ballast.write_bytes(b"")
        while shutil.disk_usage(disk).free:
            with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
                file.write(b"x" * 4096)
        try:
            small.watch(small.submit(step))
        except OSError as error:
            told = error.errno
        ballast.unlink()
        runs = len(Runs(small.home).all())
        last = small.watch(small.submit(rig.step("two", WRITE)))
        return [told, runs, last["two"].state.value]

    assert namespace(story) == [errno.ENOSPC, 1, "done"]


def test_read_only(rig, namespace):
    step = rig.step("one", WRITE)
    run = rig.submit(step)
    rig.watch(run)
    new = rig.submit(step)

    def story():
        mount("--bind", rig.home, rig.home)
        mount("-o", "remount,bind,ro", rig.home)
        return [
            command("runs", "--json", home=rig.home),
            command("logs", run.id, home=rig.home),
            command("resume", new.id, home=rig.home),
            command("gc", home=rig.home),
            [new.driven, [event.state.value for event in run.events()]],
        ]

    runs, logs, resume, gc, read = namespace(story)

    assert runs[0] == 0, runs
    assert [row["status"] for row in json.loads(runs[1])["runs"]] == ["interrupted", "done"]
    assert logs[0] == 0, logs
    for code, _, err in (resume, gc):
        assert code == 7
        assert "error: cannot write" in err
        assert "Read-only file system" in err
        assert "help: choose a folder that you may write to: --home DIR" in err
    assert read == [False, ["running", "done"]]


def test_a_home_that_another_user_owns(rig):
    if os.geteuid():
        pytest.skip("only root can become somebody else")
    step = rig.step("one", WRITE)
    run = rig.submit(step)
    rig.folder.chmod(0o755)

    def story():
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        try:
            rig.watch(run)
        except PermissionError:
            os._exit(23)

    assert rig.elsewhere(story).wait() == 23
    assert rig.watch(run)["one"].state == "done"


def test_what_may_not_be_read_is_not_said_to_be_unwritable(tmp_path):
    (tmp_path / "rows.csv").write_text("a,y\n1,2\n")
    (tmp_path / "rows.csv").chmod(0)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    file = tmp_path / "concrete.toml"
    file.write_text("""[experiment]
name = "closed"
[data]
source = "rows.csv"
target = "y"
[train.candidates.linear]
model = "linear"
""")

    code, _, err = command("check", file, home=tmp_path / "own", like_anybody=True)

    assert code == 3
    assert "error: data.source: rows.csv may not be read" in err.replace(f"{tmp_path}/", "")

    code, _, err = command("runs", home=closed / "home", like_anybody=True)

    assert code == 7
    assert f"error: cannot read {closed}" in err
    assert "chmod" in err


DAMAGE = {
    "flipped": lambda out: _flip(out / "text.txt"),
    "truncated": lambda out: (out / "text.txt").write_text("whol"),
    "emptied": lambda out: (out / "text.txt").write_text(""),
    "missing": lambda out: (out / "deep" / "more.txt").unlink(),
    "extra": lambda out: (out / "deep" / "new.txt").write_text(""),
    "renamed": lambda out: (out / "text.txt").rename(out / "other.txt"),
    "linked": lambda out: _link(out / "text.txt"),
    "no output": shutil.rmtree,
    "no outputs": lambda out: shutil.rmtree(out.parent),
    "a folder": lambda out: _folder(out / "text.txt"),
    "a pipe": lambda out: os.mkfifo(out / "pipe"),
}
RECORD = {
    "garbage": "{",
    "empty": "",
    "number": "3",
    "list": "[]",
    "nothing": "null",
    "bytes": "\udcff",
    "no outputs": '{"recipe": {}}',
    "outputs": '{"recipe": {}, "outputs": {"out": null}}',
}


def _flip(path):
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_bytes(content)
    os.utime(path, ns=times)  # as a disk does it


def _link(path):
    copy = path.with_name("copy")
    shutil.copy(path, copy.parent.parent / "copy")
    path.unlink()
    path.symlink_to("../copy")


def _folder(path):
    path.unlink()
    path.mkdir()


@pytest.fixture
def warnings(caplog):
    caplog.set_level(logging.WARNING, "concrete")
    return lambda: [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_entry_is_a_warning_and_a_miss(rig, warnings, damage):
    steps = (rig.step("one", WRITE), rig.step("two", WRITE, data="one.out"))
    first = rig.run(*steps)

    damage(rig.entry(first["one"]).output("out"))
    again = rig.run(*steps)

    assert {name: event.state.value for name, event in again.items()} == {
        "one": "done",
        "two": "reused",
    }
    (warning,) = warnings()
    assert first["one"].entry[:12] in warning
    assert "outputs/out/" in warning
    assert "the step runs again" in warning
    assert rig.text(again["one"]) == "whole"
    assert {event.state.value for event in rig.run(*steps).values()} == {"reused"}


@pytest.mark.parametrize("text", RECORD.values(), ids=RECORD)
def test_a_damaged_record_is_a_warning_and_a_miss(rig, warnings, text):
    step = rig.step("one", WRITE)
    entry = rig.entry(rig.run(step)["one"])

    (entry.path / "step.json").write_bytes(text.encode(errors="surrogateescape"))
    again = rig.run(step)

    assert again["one"].state == "done"
    assert len(warnings()) == 1


@pytest.mark.parametrize("change", ['"seconds": ', '"recipe": {', '"text.txt": "'])
def test_a_changed_record_is_noticed(rig, warnings, change):
    step = rig.step("one", WRITE)
    entry = rig.entry(rig.run(step)["one"])
    text = (entry.path / "step.json").read_text()
    assert change in text
    more = {"{": '{"x": 1, ', " ": " 7", '"': '"0'}[change[-1]]

    (entry.path / "step.json").write_text(text.replace(change, change[:-1] + more, 1))

    assert rig.run(step)["one"].state == "done"
    assert len(warnings()) == 1


def test_a_missing_log_is_no_damage(rig, warnings):
    step = rig.step("one", WRITE)
    rig.entry(rig.run(step)["one"]).log.unlink()

    assert rig.run(step)["one"].state == "reused"
    assert not warnings()


def test_a_damaged_output_is_not_handed_out(rig, tmp_path):
    run = rig.submit(rig.step("one", WRITE))
    event = rig.watch(run)["one"]
    _flip(rig.entry(event).output("out") / "text.txt")

    with pytest.raises(NotFound, match=r"one\.out"):
        rig.backend.fetch(run.id, Output("one", "out"), tmp_path / "copy")

    assert not (tmp_path / "copy").exists()
    assert rig.watch(run)["one"].state == "done"
    rig.backend.fetch(run.id, Output("one", "out"), tmp_path / "copy")


def test_a_run_whose_record_is_garbage_is_left_out(rig, warnings):
    good, bad = rig.submit(rig.step("one", WRITE)), rig.submit(rig.step("two", WRITE))
    rig.watch(good)
    (bad.folder / "run.json").write_text("{")

    assert [run.id for run in Runs(rig.home).all()] == [good.id]
    assert Runs(rig.home).find("latest").id == good.id
    assert bad.id in warnings()[0]
    assert collect.collect(Workspace(rig.home), 0)["runs"] == 1


def test_garbage_in_the_events_is_no_event(rig):
    run = rig.submit(rig.step("one", WRITE))
    rig.watch(run)
    before = run.events()

    with (run.folder / "events.jsonl").open("ab") as file:
        for line in ("{}", "[]", "3", "null", "{", '{"step": "one"}', '{"state": "odd"}', "\0"):
            file.write(line.encode() + b"\n")
        file.write(b'\xff\xfe\n{"step": "one", "state": "done", "new_field": 1}\n')

    assert run.events() == before
    assert LocalBackend(rig.home, {}).path(run.id, Output("one", "out")).is_dir()
