"""The fork server that stays: used when it is there, missed by nobody when it goes."""

import contextlib
import os
import shutil
import signal
import stat
import tempfile
from pathlib import Path

import pytest
from concrete_cli.backends.local import LocalBackend, resident

WHO = "(out / 'text.txt').write_text(str(os.getppid()))\n"


@pytest.fixture
def runtime(monkeypatch):
    """A short folder: names of sockets have at most 107 letters."""
    folder = Path(tempfile.mkdtemp(prefix="c-", dir="/tmp"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    yield folder
    resident.stop()
    shutil.rmtree(folder)


@pytest.fixture
def server(runtime, nothing_left):
    """The pid of a server."""
    return start(["json"])


def start(*words, **more):
    """Start it as the command does, which ends at once; return its pid."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(write, str(resident.start(*words, **more)["pid"]).encode())
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(pid, 0)
    with os.fdopen(read) as answer:
        return int(answer.read())


def waits(rig, name="one", **fields):
    body = f"""
    (out / "text.txt").write_text(str(os.getppid()))
    Path("{rig.folder}/pid-{name}").write_text(str(os.getpid()))
    while not Path("{rig.folder}/go").exists(): time.sleep(0.01)
    """
    return rig.step(name, body, **fields)


def pid_of(rig, until, name="one"):
    path = rig.folder / f"pid-{name}"
    until(lambda: path.exists() and path.read_text())
    pid = int(path.read_text())
    path.unlink()
    return pid


def gone(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    return True


def test_runs_use_it_one_after_the_other(rig, server):
    for _ in range(2):
        last = rig.run(rig.step("one", WHO), reuse=False)
        assert rig.text(last["one"]) == str(server)
    cold = rig.run(rig.step("one", WHO), reuse=False, cold=True)
    assert cold["one"].state == "done"
    assert resident.status()["pid"] == server


def test_a_run_starts_it_where_the_experiment_says_keep_warm(rig, runtime, until):
    rig.backend = LocalBackend(rig.home, {"keep_warm": "1s"})
    run = rig.submit(rig.step("one", WHO), reuse=False)

    assert rig.elsewhere(run).wait() == 0

    stays = resident.status()
    assert stays["idle"] == 1
    assert rig.text(run.last_events()["one"]) == str(stays["pid"])
    again = rig.run(rig.step("one", WHO), reuse=False)
    assert rig.text(again["one"]) == str(stays["pid"])
    until(lambda: gone(stays["pid"]))


def test_a_run_that_keeps_nothing_warm_starts_none(rig, runtime):
    assert rig.run(rig.step("one", WHO))["one"].state == "done"
    assert resident.status() is None


def test_it_is_for_its_user_alone(server, runtime):
    (folder,) = runtime.iterdir()
    sockets = [path for path in folder.iterdir() if path.is_socket()]

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in sockets] == [0o600]


def test_steps_get_the_environment_of_their_run(rig, server, monkeypatch):
    monkeypatch.setenv("AFTER", "set after it started")
    monkeypatch.delenv("COLUMNS")
    step = rig.step(
        "one",
        "(out / 'text.txt').write_text(repr([os.environ.get('AFTER'), "
        "os.environ.get('COLUMNS'), os.environ.get('OMP_NUM_THREADS')]))",
        cpus=2,
    )

    assert rig.text(rig.run(step)["one"]) == "['set after it started', None, '2']"


def test_two_runs_at_once(rig, server, until):
    runs = [rig.submit(waits(rig, name)) for name in ("one", "two")]
    others = [rig.elsewhere(run) for run in runs]
    pids = [pid_of(rig, until, name) for name in ("one", "two")]

    assert others[0].kill() == -signal.SIGKILL
    until(lambda: gone(pids[0]))
    assert not gone(pids[1])
    (rig.folder / "go").touch()

    assert others[1].wait() == 0
    assert rig.text(rig.watch(runs[0])["one"]) == str(server)


@pytest.mark.parametrize("end", ["killed", "stopped"])
def test_when_it_ends_while_a_step_runs_the_run_goes_on_without(rig, server, until, end):
    run = rig.submit(waits(rig))
    other = rig.elsewhere(run)
    pid = pid_of(rig, until)

    if end == "killed":
        os.kill(server, signal.SIGKILL)
    else:
        assert resident.stop()
    assert pid_of(rig, until) != pid
    assert gone(pid)
    (rig.folder / "go").touch()

    assert other.wait() == 0
    assert rig.states(run) == {"one": "done"}
    assert rig.text(run.last_events()["one"]) != str(server)
    assert resident.status() is None


def test_when_it_ends_between_two_steps(rig, server):
    first, second = rig.step("first", WHO), rig.step("second", WHO, data="first.out")
    run = rig.submit(first, second)
    for event in rig.backend.watch(run.id):
        if (event.step, event.state) == ("first", "done"):
            os.kill(server, signal.SIGKILL)

    assert rig.states(run) == {"first": "done", "second": "done"}


def test_cancel_leaves_nothing_running(rig, server, until):
    run = rig.submit(waits(rig))
    other = rig.elsewhere(run)
    pid = pid_of(rig, until)

    rig.backend.cancel(run.id)

    assert other.wait() == 0
    assert gone(pid)
    assert resident.status()["pid"] == server


def test_it_ends_after_idling(runtime, nothing_left, until):
    pid = start([], idle=0.2)

    until(lambda: gone(pid))
    assert resident.status() is None


def test_another_interpreter_or_library_does_not_find_it(server, monkeypatch):
    assert resident.status()["pid"] == server
    monkeypatch.setenv("PYTHONOPTIMIZE", "1")
    assert resident.status() is None
    monkeypatch.delenv("PYTHONOPTIMIZE")  # for it to be found, and ended


def test_a_folder_that_others_can_enter_is_not_used(runtime, rig):
    (runtime / f"concrete-{os.getuid()}").mkdir(mode=0o755)
    (runtime / f"concrete-{os.getuid()}").chmod(0o755)

    assert rig.run(rig.step("one", WHO))["one"].state == "done"


def test_where_the_name_would_be_too_long_runs_do_without(rig, monkeypatch):
    deep = rig.folder.joinpath(*["deep" * 10] * 4)
    deep.mkdir(parents=True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))

    assert rig.run(rig.step("one", WHO))["one"].state == "done"


def test_an_old_socket_is_in_nobodys_way(server, runtime, rig, until):
    os.kill(server, signal.SIGKILL)
    until(lambda: resident.status() is None)

    assert rig.run(rig.step("one", WHO))["one"].state == "done"
    assert start([]) != server
