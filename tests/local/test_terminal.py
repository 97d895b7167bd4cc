"""The command as terminals, shells and schedulers stop it, leave it and watch it."""

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

import strays


@pytest.fixture
def start(toy):
    """Start the command; kill it at the end."""
    started = []

    def begin(*words, **options):
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
        command = [sys.executable, "-m", "concrete_cli", *map(str, words)]
        started.append(
            subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=toy.folder, **options)
        )
        return started[-1]

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_ctrl_c_once_stops_cleanly_and_says_how_to_go_on(toy, start, until, concrete):
    command = start("run", toy.file, start_new_session=True)
    until(toy.pids)

    os.killpg(command.pid, signal.SIGINT)  # as a terminal does: to all in the foreground
    out, err = command.communicate(timeout=30)

    assert command.returncode == 130
    assert out == ""
    assert f"concrete resume {toy.run.name}" in err
    assert "Traceback" not in err
    assert toy.events()[-1] == ("second", "waiting")
    toy.go.touch()
    done = concrete("resume", "latest", "--json", cwd=toy.folder).json()
    assert [step["state"] for step in done["steps"]] == ["done", "done"]


def test_ctrl_c_twice_stops_at_once(toy, start, until, concrete):
    command = start("run", toy.file)
    until(toy.pids)
    os.kill(command.pid, signal.SIGSTOP)
    for _ in range(2):
        os.kill(command.pid, signal.SIGINT)
        os.kill(command.pid, signal.SIGCONT)
        time.sleep(0.02)
    _, err = command.communicate(timeout=30)  # merged into one, they stop it all the same

    assert command.returncode == 130
    assert "concrete resume" in err
    assert "Traceback" not in err
    toy.go.touch()
    assert concrete("resume", cwd=toy.folder).code == 0


@pytest.mark.parametrize("words", [("resume", "latest"), ("logs", "latest", "-f")])
def test_ctrl_c_in_a_second_terminal_ends_only_the_watching(toy, start, until, words):
    driver = start("run", toy.file)
    until(toy.pids)
    watcher = start(*words, stderr=subprocess.STDOUT)
    until(lambda: "first" in watcher.stdout.readline())

    watcher.send_signal(signal.SIGINT)
    told, _ = watcher.communicate(timeout=30)

    assert watcher.returncode == 130
    assert f"run {toy.run.name} goes on" in told
    assert f"concrete cancel {toy.run.name}" in told
    toy.go.touch()
    out, _ = driver.communicate(timeout=30)
    assert driver.returncode == 0
    assert "2 done" in out


def test_who_watches_from_a_second_terminal_sees_the_result_and_notes_nothing(toy, start, until):
    driver = start("run", toy.file)
    until(toy.pids)
    watcher = start("resume", "--json")
    until(lambda: "first" in watcher.stderr.readline())

    toy.go.touch()

    driver.communicate(timeout=30)
    seconds = json.loads((toy.run / "run.json").read_text())["seconds"]
    out, _ = watcher.communicate(timeout=30)
    assert [step["state"] for step in json.loads(out)["steps"]] == ["done", "done"]
    assert json.loads((toy.run / "run.json").read_text())["seconds"] == seconds


def test_sigterm_is_as_ctrl_c(toy, start, until):
    command = start("run", toy.file)
    until(toy.pids)

    command.terminate()
    _, err = command.communicate(timeout=30)

    assert command.returncode == 130
    assert "concrete resume" in err


def test_sighup_is_as_ctrl_c(toy, start, until, concrete):
    command = start("run", toy.file)
    (pid,) = until(toy.pids)

    command.send_signal(signal.SIGHUP)
    _, err = command.communicate(timeout=30)

    assert command.returncode == 130
    assert "concrete resume" in err
    assert "Traceback" not in err
    until(lambda: not Path(f"/proc/{pid}").exists())
    toy.go.touch()
    assert concrete("resume", cwd=toy.folder).code == 0


def test_with_nohup_it_goes_on(toy, start, until):
    ignoring = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)  # noqa: E731
    command = start("run", toy.file, "--json", preexec_fn=ignoring)
    until(toy.pids)

    command.send_signal(signal.SIGHUP)
    toy.go.touch()
    out, _ = command.communicate(timeout=30)

    assert json.loads(out)["status"] == "done"


def test_a_terminal_that_is_closed_stops_the_run_in_order(toy, until, concrete):
    master, slave = pty.openpty()
    command = subprocess.Popen(
        [sys.executable, "-m", "concrete_cli", "run", str(toy.file)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=toy.folder,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  no threads
    )
    os.close(slave)
    until(toy.pids)
    os.close(master)

    assert command.wait(timeout=30) == 130
    assert concrete("show", "--json", cwd=toy.folder).json()["status"] == "cancelled"
    assert not (toy.folder / ".concrete" / "crash.txt").exists()


def test_detached_it_survives_its_terminal(toy, until, concrete):
    """The terminal is closed as soon as the command has returned."""
    master, slave = pty.openpty()
    command = subprocess.Popen(
        [sys.executable, "-m", "concrete_cli", "run", str(toy.file), "--detach"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=toy.folder,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  no threads
    )
    os.close(slave)
    assert command.wait(timeout=30) == 0
    os.close(master)  # SIGHUP to whoever belongs to it
    until(toy.pids)
    assert concrete("show", "--json", cwd=toy.folder).json()["status"] == "running"
    for runner in strays.signed(os.environ[strays.SIGN]):
        words = Path(f"/proc/{runner}/cmdline").read_bytes()
        if b"resume" in words:
            os.kill(runner, signal.SIGHUP)  # as a shell does that ends, to what it has started

    toy.go.touch()

    until(lambda: ("second", "done") in toy.events())
    until(lambda: concrete("show", "--json", cwd=toy.folder).json()["status"] == "done")


def test_detached_it_can_be_watched_and_cancelled(toy, until, concrete):
    run = concrete("run", toy.file, "--detach", "--json", cwd=toy.folder).json()["run"]
    until(toy.pids)

    cancelled = concrete("cancel", run, "--json", cwd=toy.folder).json()

    assert cancelled["status"] == "cancelled"
    assert concrete("cancel", run, "--json", cwd=toy.folder).json()["status"] == "cancelled"
    assert "begins first" in concrete("logs", run, cwd=toy.folder).stdout


def test_nobody_is_left_when_the_shell_kills_a_pipeline(toy, start, until):
    command = start("run", toy.file)
    until(toy.pids)

    command.kill()
    command.communicate()

    until(lambda: not strays.signed(os.environ[strays.SIGN]))
