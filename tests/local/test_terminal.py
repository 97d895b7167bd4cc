"""The command as terminals, shells and schedulers treat it."""

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import termios
import textwrap
import time
from pathlib import Path

import pytest

import strays

STEP = """\
import argparse, os, sys, time
from pathlib import Path
parser = argparse.ArgumentParser()
parser.add_argument("--out", type=Path)
parser.add_argument("--data", type=Path, nargs="*")
parser.add_argument("--wait", type=Path)
args = parser.parse_args()
print("begins", Path(__file__).stem, flush=True)
if args.wait:
    args.wait.with_name(f"pid-{os.getpid()}").touch()
    while not args.wait.exists(): time.sleep(0.01)
(args.out / "text.txt").write_text("done")
"""


PYTHON = shlex.quote(sys.executable)


class Toy:
    """An experiment of two steps, the second of which may wait for a file."""

    def __init__(self, folder, name="toy.toml"):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.file, self.go = folder, folder / name, folder / "go"
        for step in ("first", "second"):
            (folder / f"{step}.py").write_text(STEP)
        self.file.write_text(
            textwrap.dedent(f"""
            [experiment]
            name = "toy"
            [pipeline.steps.first]
            script = "first.py"
            outputs = ["out"]
            [pipeline.steps.second]
            script = "second.py"
            inputs = {{ data = "first.out" }}
            outputs = ["out"]
            params = {{ wait = {json.dumps(str(self.go), ensure_ascii=False)} }}
            """)
        )

    def pids(self):
        return [int(path.name.partition("-")[2]) for path in self.folder.glob("pid-*")]

    @property
    def run(self):
        (run,) = (self.folder / ".concrete" / "runs").iterdir()
        return run

    def events(self):
        with contextlib.suppress(FileNotFoundError, ValueError):
            lines = (self.run / "events.jsonl").read_text().splitlines()
            return [tuple(json.loads(line)[k] for k in ("step", "state")) for line in lines]
        return []


@pytest.fixture
def toy(tmp_path):
    return Toy(tmp_path / "toy")


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


def test_sighup_ends_it_and_its_steps(toy, start, until, concrete):
    command = start("run", toy.file)
    (pid,) = until(toy.pids)

    command.send_signal(signal.SIGHUP)
    command.communicate(timeout=30)

    assert command.returncode != 0
    until(lambda: not Path(f"/proc/{pid}").exists())
    toy.go.touch()
    assert concrete("resume", cwd=toy.folder).code == 0


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


def test_a_reader_that_goes_away_is_no_error(toy, concrete):
    toy.go.touch()
    for _ in range(3):
        concrete("run", toy.file, cwd=toy.folder)
    for words in ("runs", "show", "logs latest", "--help", "schema"):
        line = f"{PYTHON} -m concrete_cli {words} | head -1; echo ${{PIPESTATUS[0]}}"
        done = subprocess.run(
            ["bash", "-c", line], cwd=toy.folder, capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[-1] in ("0", "141"), done
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr


def test_a_reader_that_goes_away_does_not_stop_the_run(toy, concrete):
    toy.go.touch()
    line = f"{PYTHON} -m concrete_cli run toy.toml 2>&1 | true"
    done = subprocess.run(
        ["bash", "-c", line], cwd=toy.folder, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0
    assert concrete("show", "--json", cwd=toy.folder).json()["status"] == "done"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_without_stdin_stdout_stderr(toy, closed, concrete):
    toy.go.touch()
    line = f"{PYTHON} -m concrete_cli run toy.toml --json {closed}"
    done = subprocess.run(
        ["bash", "-c", line], cwd=toy.folder, capture_output=True, text=True, check=False
    )

    assert "Traceback" not in done.stderr
    assert done.returncode == 0, done
    assert concrete("show", "--json", cwd=toy.folder).json()["status"] == "done"


LOCALES = {
    "C": {"LC_ALL": "C"},
    "C without coercion": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "POSIX": {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "none": {"LANG": "", "LC_ALL": ""},
    "no colour": {"NO_COLOR": "1"},
    "dumb": {"TERM": "dumb"},
    "no term": {"TERM": ""},
}


@pytest.mark.parametrize("environment", LOCALES.values(), ids=LOCALES)
def test_in_any_locale(tmp_path, concrete, environment):
    toy = Toy(tmp_path / "Prüfung ≥ 3 🧱")
    waits = next(line for line in toy.file.read_text().splitlines() if "wait" in line)
    toy.file.write_text(toy.file.read_text().replace(waits, ""))

    first = concrete("run", toy.file, env=environment, cwd=toy.folder)
    listed = concrete("show", env=environment, cwd=toy.folder)

    for text in (first.stdout, first.stderr, listed.stdout):
        assert "\x1b" not in text
    assert "2 done" in first.stdout
    third = concrete("run", toy.file, "--json", env=environment).json()
    assert third["status"] == "done"
    assert (
        (third["outputs"]["second.out"])
        .encode(errors="surrogateescape")
        .decode()
        .startswith(str(tmp_path / "Prüfung ≥ 3 🧱"))
    )


@pytest.mark.parametrize("colour", [True, False])
def test_in_a_terminal(toy, colour):
    toy.go.touch()
    master, slave = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color"} | ({} if colour else {"NO_COLOR": "1"})
    with subprocess.Popen(
        [sys.executable, "-m", "concrete_cli", "run", str(toy.file)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=toy.folder,
        env=environment,
    ) as command:
        os.close(slave)
        shown = b""
        with contextlib.suppress(OSError):
            while select.select([master], [], [], 30)[0]:
                shown += os.read(master, 65536)
        os.close(master)

    assert command.returncode == 0
    assert b"second" in shown
    assert b"done" in shown
    painted = re.findall(rb"\x1b\[[0-9;]*m", shown)
    assert bool([code for code in painted if re.search(rb"3[0-9]", code)]) is colour


NAMES = ["--", '-it\'s "q"\nneu  $HOME `x` *;&|', "é ≥ 🧱" + "a" * 80]


@pytest.mark.parametrize("name", NAMES)
def test_folders_and_experiments_of_any_name(tmp_path, concrete, name):
    toy = Toy(tmp_path / name, f"{name}.toml")
    toy.go.touch()
    relative = f"./{name}.toml" if name.startswith("-") else f"{name}.toml"

    first = concrete("run", relative, "--json", cwd=toy.folder).json()
    second = concrete("run", "--", f"{name}.toml", cwd=toy.folder)
    third = concrete("run", toy.file, "--home", tmp_path / name / name, "--json").json()

    assert [step["state"] for step in first["steps"]] == ["done", "done"]
    assert "2 reused" in second.stdout
    assert third["paths"]["run"].startswith(str(tmp_path / name / name))
    concrete("logs", "latest", cwd=toy.folder)
    concrete("gc", "--older-than", "0s", cwd=toy.folder)


def test_the_replay_line_runs_the_step(tmp_path, concrete):
    toy = Toy(tmp_path / "it's $HOME\n`x`")
    (toy.folder / "second.py").write_text(
        STEP.replace("print(", "import json\nPath('replayed').write_text(args.text)\nprint(")
        .replace(
            'parser.add_argument("--wait", type=Path)',
            'parser.add_argument("--text")\nparser.add_argument("--empty")',
        )
        .replace("if args.wait:", "sys.exit(7 if args.empty == '' else 8)\nif 0:")
    )
    text = '/it\'s "x" $HOME `y`\n-'
    toy.file.write_text(
        toy.file.read_text()
        .replace("params = {", f"params = {{ text = {json.dumps(text)}, empty = '', old_")
        .replace("old_ wait", "wait")
        .replace(", wait = ", "}#")
    )

    failed = concrete("run", toy.file, "--json", code=4, cwd=toy.folder).json()["error"]

    assert "exited with 7" in failed["message"]
    line = failed["replay"]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    subprocess.run(
        ["bash", "-c", line],
        cwd=elsewhere,
        input="q\n",
        text=True,
        capture_output=True,
        check=False,
    )
    assert (elsewhere / "replayed").read_text() == text


def test_nobody_is_left_when_the_shell_kills_a_pipeline(toy, start, until):
    command = start("run", toy.file)
    until(toy.pids)

    command.kill()
    command.communicate()

    until(lambda: not strays.signed(os.environ[strays.SIGN]))
