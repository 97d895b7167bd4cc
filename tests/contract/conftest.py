"""One suite over every backend. To add one: a param in BACKENDS, and what it does not do, why.

A backend that cannot hold a part of the contract is skipped for the tests of that part, by name,
with a reason that a user could be told.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import contract_v1
import contract_v2
import strays
from concrete_cli import backend as seam
from concrete_cli import home as homes
from concrete_cli.backend import Event, Options
from concrete_cli.cloud import remote, resuming
from concrete_cli.plan import Output, Plan, Source, Step
from concrete_cli.runs import Runs

SCRIPTS = Path(__file__).parent / "scripts"


@dataclass(frozen=True)
class Outcome:
    """What watching a run gave."""

    handle: str
    events: tuple[Event, ...]

    @property
    def last(self) -> dict[str, Event]:
        return {event.step: event for event in self.events}

    @property
    def states(self) -> dict[str, str]:
        return {name: event.state.value for name, event in self.last.items()}


@dataclass
class Place:
    """A backend with a home of its own, and what the tests do with it."""

    name: str
    backend: seam.Backend
    home: Path
    tmp: Path
    options: Mapping[str, object] = field(default_factory=dict)

    def submit(self, plan: Plan, **options) -> str:
        chosen = Options(**{**self.options, **options})
        facts = {"workflow": "toy", "backend": self.backend.name}
        run = Runs(self.home).create(plan, experiment="", options=chosen, facts=facts)
        handle = self.backend.submit(plan, run.folder, chosen)
        run.note(handle=handle, remote=remote.goes_on(self.backend))
        return handle

    def watch(self, handle: str) -> Outcome:
        return Outcome(handle, tuple(self.backend.watch(handle)))

    def resume(self, handle: str) -> Outcome:
        """Go on with a run as `concrete resume` does."""
        run = next(one for one in Runs(self.home).all() if one.record["handle"] == handle)
        if remote.goes_on(self.backend):
            resuming.submit_again(run, self.backend)
        return self.watch(run.record["handle"])

    def run(self, plan: Plan, **options) -> Outcome:
        return self.watch(self.submit(plan, **options))

    def read(self, outcome: Outcome, output: str, file: str) -> str:
        """Return what a file in an output says."""
        into = self.tmp / "fetched" / outcome.handle / output
        step, _, name = output.partition(".")
        if not into.exists():
            self.backend.fetch(outcome.handle, Output(step, name), into)
        return (into / file).read_text()


@contextlib.contextmanager
def local(home: Path) -> Iterator[seam.Backend]:
    sign = f"{os.getpid()}-{home.parent.name}"
    before = strays.zombies()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(strays.SIGN, sign)
        yield seam.load("local", home, {})
    assert not strays.none_left(sign, before)


@dataclass(frozen=True)
class Kind:
    """How to make a backend and with which options; which tests it is skipped for, by name, why.

    `needs` is a module without which it cannot be tried.
    """

    make: Callable[[Path], AbstractContextManager[seam.Backend]]
    options: Mapping[str, object] = field(default_factory=dict)
    deviations: Mapping[str, str] = field(default_factory=dict)
    needs: str = ""


BACKENDS = {
    "local": Kind(local),
    "local-cold": Kind(local, {"cold": True}),
    "azureml": Kind(contract_v1.azureml, {}, contract_v1.DEVIATIONS, "azureml.core"),
    "azureml-v2": Kind(contract_v2.azureml_v2, {}, contract_v2.DEVIATIONS, "azure.ai.ml"),
}


def marks(name: str, kind: Kind) -> list[pytest.MarkDecorator]:
    if not kind.needs:
        return [pytest.mark.local]  # `make test` leaves these out where it tries the SDKs
    if not installed(kind.needs):
        return [pytest.mark.skip(f"extra {name} is not installed")]
    # libraries below the SDKs warn about each other's deprecations
    return [pytest.mark.filterwarnings("ignore"), pytest.mark.xdist_group("contract")]


def installed(module: str) -> bool:
    with contextlib.suppress(ModuleNotFoundError):
        return importlib.util.find_spec(module) is not None
    return False


@pytest.fixture(params=[pytest.param(name, marks=marks(name, it)) for name, it in BACKENDS.items()])
def place(request, tmp_path) -> Iterator[Place]:
    kind = BACKENDS[request.param]
    if reason := kind.deviations.get(request.node.originalname):
        pytest.skip(f"{request.param}: {reason}")
    home = homes.prepare(tmp_path / "home")
    with kind.make(home) as backend:
        yield Place(request.param, backend, home, tmp_path, kind.options)


@pytest.fixture
def scripts(tmp_path) -> Path:
    """A copy of the toy scripts, for a test to change."""
    return Path(shutil.copytree(SCRIPTS, tmp_path / "scripts"))


@pytest.fixture
def say(scripts):
    """Make a step that says a text and what its inputs say."""

    def make(name: str, text: str = "", data=(), **fields) -> Step:
        inputs = {"data": tuple(data)} if data else {}
        return Step(
            name,
            str(scripts / "say.py"),
            inputs,
            (Output(name, "out"),),
            {"text": text or name},
            **fields,
        )

    return make


@pytest.fixture
def fail(scripts):
    """Make a step that fails, with an output of each mode."""

    def make(how: str = "exit", *, params=None, **fields) -> Step:
        outputs = (Output("fail", "kept", "mount"), Output("fail", "lost"))
        texts = {name: str(value) for name, value in (params or {}).items()}
        return Step("fail", str(scripts / "fail.py"), {}, outputs, {"how": how, **texts}, **fields)

    return make


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """Return which steps have really run since this was last asked."""
    log = tmp_path / "toy.log"
    monkeypatch.setenv("TOY_LOG", str(log))

    def since() -> set[str]:
        names = log.read_text().split() if log.exists() else []
        log.unlink(missing_ok=True)
        assert len(names) == len(set(names)), "a step ran twice"
        return set(names)

    return since


@pytest.fixture
def chain(say):
    """Make the plan first -> second -> third; `first` reads a source."""

    def make(source: Path) -> Plan:
        first = say("first", data=[Source(str(source))])
        second = say("second", data=[Output("first", "out")])
        return Plan("chain", (first, second, say("third", data=[Output("second", "out")])))

    return make


@pytest.fixture
def source(tmp_path) -> Path:
    path = tmp_path / "source.txt"
    path.write_text("<source>")
    return path
