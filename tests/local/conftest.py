"""A home, steps written on the spot, and runners in processes of their own that can be killed."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from concrete_cli.backends.local import LocalBackend, crew, launch

import strays
from concrete_cli import home as homes
from concrete_cli.backend import Event, Options
from concrete_cli.cache import Cache
from concrete_cli.plan import Output, Plan, Source, Step
from concrete_cli.runs import Run, Runs
from toy import Toy

BEGIN = """\
import argparse, os, signal, subprocess, sys, threading, time
from pathlib import Path
parser = argparse.ArgumentParser(allow_abbrev=False)
for name in ("--out", "--data", "--kept"): parser.add_argument(name, type=Path)
args, _ = parser.parse_known_args()
out, data = args.out, args.data
"""


@pytest.fixture(autouse=True)
def nothing_left(tmp_path, monkeypatch):
    """Whatever a test does, no process of it is left, and none that nobody has waited for."""
    launch._end_ahead()  # one that a command in this process has started and not used
    sign = f"{os.getpid()}-{tmp_path.name}"
    monkeypatch.setenv(strays.SIGN, sign)
    before = strays.zombies()
    yield
    assert not strays.none_left(sign, before)


@pytest.fixture(autouse=True)
def plain_python(monkeypatch):
    """Steps get the Python that users have, whatever the tests run with."""
    for name in ("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Nobody waits long in these tests."""
    monkeypatch.setattr(crew, "GRACE", 0.5)
    monkeypatch.setattr(crew, "TICK", 0.05)


@dataclass
class Other:
    """A process that drives a run, forked from the test."""

    pid: int
    ended: bool = False

    def wait(self) -> int:
        """Return its exit code; negative: the signal that killed it."""
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.ended = True
        return code

    def kill(self, number: int = signal.SIGKILL) -> int:
        os.kill(self.pid, number)
        return self.wait()


class Rig:
    """A home with a local backend."""

    def __init__(self, folder: Path, home: Path | None = None) -> None:
        self.folder = folder
        self.home = homes.prepare(home or folder / "home")
        self.backend = LocalBackend(self.home, {})
        self.cache = Cache(self.home)
        self.others: list[Other] = []

    def step(self, name: str, body: str, *, data: str = "", source: Path | None = None, **fields):
        """Make a step of a script's text; `out` is its output, `data` its input."""
        script = self.folder / f"{name}.py"
        script.write_text(BEGIN + textwrap.dedent(body))
        inputs = {}
        if data:
            inputs["data"] = Output(*data.split("."))
        if source:
            inputs["data"] = Source(str(source))
        outputs = fields.pop("outputs", (Output(name, "out"),))
        return Step(name, str(script), inputs, outputs, **fields)

    def submit(self, *steps: Step, publishes: dict[str, Output] | None = None, **options) -> Run:
        facts = {"workflow": "toy", "backend": "local"}
        chosen = Options(**{"jobs": 2, **options})
        run = Runs(self.home).create(
            Plan("toy", steps, publishes or {}), experiment="", options=chosen, facts=facts
        )
        run.note(handle=self.backend.submit(run.plan, run.folder, chosen))
        return run

    def watch(self, run: Run) -> dict[str, Event]:
        return {event.step: event for event in self.backend.watch(run.id)}

    def run(self, *steps: Step, **options) -> dict[str, Event]:
        return self.watch(self.submit(*steps, **options))

    def elsewhere(self, run: Run | Callable[[], object], **environment: str) -> Other:
        """Watch a run, or call a function, in a process of its own."""
        pid = os.fork()
        if pid:
            self.others.append(Other(pid))
            return self.others[-1]
        code = 1
        try:
            os.environ.update(environment)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            if isinstance(run, Run):
                for _ in self.backend.watch(run.id):
                    pass
            else:
                run()
            code = 0
        except BaseException:  # noqa: BLE001  it must not come back as a second pytest
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def entry(self, event: Event):
        return self.cache.entry(event.entry)

    def text(self, event: Event, file: str = "text.txt", output: str = "out") -> str:
        return (self.entry(event).output(output) / file).read_text()

    def log(self, event: Event) -> str:
        log = self.entry(event).log if event.entry else Path(event.facts["log"])
        return log.read_text(errors="backslashreplace")

    def states(self, run: Run) -> dict[str, str]:
        return {name: event.state.value for name, event in run.last_events().items()}


@pytest.fixture
def rig(nothing_left, tmp_path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    for other in rig.others:
        if not other.ended:
            other.kill()


def until(condition: Callable[[], object], seconds: float = 30) -> object:
    """Wait until something is so; fail when it does not come about."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)
    return found


@pytest.fixture(name="until")
def until_fixture():
    return until


@pytest.fixture
def toy(tmp_path):
    return Toy(tmp_path / "toy")
