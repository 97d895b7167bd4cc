"""The seam: what concrete asks of a place that runs plans.

A backend is handed a whole plan, frozen, with a folder that describes the run. It answers with a
handle, a string that outlives this process and can be typed on another machine. Whoever has the
handle may watch: events come in the order in which they happened, from the first one on, until
every step has ended. Watching again after a crash goes on with what is left to do (that is
`concrete resume`); watching a run that somebody else drives only listens. Where runs need nobody
here (they have `glance`), one that has ended badly stays so: resuming submits its plan again.

What a backend promises about steps: inputs are read-only; outputs exist and are empty when the
script starts; `upload` and `mount` behave as `plan.Output` says; a step whose recipe is known is
`reused`; when a step fails, those that wait for it are `skipped` and the others go on.

To add one: implement `Backend`, name it in BACKENDS, or in the entry point group
`concrete.backends`, or say `--backend module:attribute`. tests/contract has its test suite.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from concrete_cli.errors import BackendUnavailable, NotFound
from concrete_cli.plan import Output, Plan

STOPPED = ("canceled", "the run was canceled")  # what the clouds' watchers say of a step


class State(StrEnum):
    """Where a step is; the last four are ends."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REUSED = "reused"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to the step in this run."""
        return self not in (State.WAITING, State.RUNNING)

    @property
    def good(self) -> bool:
        """Whether the step's outputs can be read."""
        return self in (State.DONE, State.REUSED)


@dataclass(frozen=True)
class Event:
    """A step came to a state. `time` is seconds since the epoch, `seconds` how long it ran.

    `entry` names the finished step in the backend's cache; `detail` says in one line why a step
    failed, was skipped or is tried again; `facts` are for the backend's own use.
    """

    step: str
    state: State
    time: float = 0
    attempt: int = 1
    seconds: float = 0
    entry: str = ""
    detail: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stopped(self) -> bool:
        """Whether somebody has stopped the step, or its run, where it ran."""
        return self.detail in STOPPED


def were_stopped(events: Iterable[Event]) -> bool:
    """Whether a run that did not end well was stopped by somebody, and nothing in it failed."""
    bad = [event for event in events if event.state in (State.FAILED, State.SKIPPED)]
    failed = any(event.state is State.FAILED and not event.stopped for event in bad)
    return not failed and any(event.stopped for event in bad)


@dataclass(frozen=True)
class Options:
    """How a person wants a run to be carried out; none of it changes what is computed.

    `jobs` 0 means as many as there are processors. `reuse` false runs every step anew, `force`
    the steps named. `cold` gives each step a fresh interpreter.
    """

    jobs: int = 0
    cold: bool = False
    reuse: bool = True
    force: tuple[str, ...] = ()


class Backend(Protocol):
    """Where a plan runs."""

    name: str

    def submit(self, plan: Plan, run_folder: Path, options: Options) -> str:
        """Hand the whole plan over; the returned handle outlives this process."""

    def watch(self, handle: str) -> Iterator[Event]:
        """Yield what happens until every step has ended. May be called again: that is resume."""

    def fetch(self, handle: str, output: Output, into: Path) -> None:
        """Copy one finished output folder to `into`, which must not exist or be empty."""

    def cancel(self, handle: str) -> None:
        """Stop what still runs; stopping a finished run is not an error."""


BACKENDS = {
    "local": "concrete_cli.backends.local:LocalBackend",
    "azureml": "concrete_cli.backends.azureml:AzureBackend",
    "azureml-v2": "concrete_cli.backends.azureml_v2:AzureBackend",
}
LOG = logging.getLogger("concrete")
# What to install for a backend is an extra of the same name.
EXTRAS = {name: name for name in BACKENDS if name != "local"}


def load(name: str, home: Path, settings: Mapping[str, Any] | None = None) -> Backend:
    """Make the backend called `name`, from the table, an entry point or `module:attribute`."""
    outsiders = {} if name in BACKENDS or ":" in name else _outsiders()
    target = name if ":" in name else (BACKENDS | outsiders).get(name)
    if target is None:
        raise NotFound("backend", name, [*BACKENDS, *outsiders])
    module, _, attribute = target.partition(":")
    try:
        factory: Callable[..., Backend] = getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        extra = EXTRAS.get(name, "")
        advice = f"pip install 'concrete-cli[{extra}]'" if extra else f"is {module} installed?"
        raise BackendUnavailable(f"backend {name} needs {error.name}", help=advice) from error
    made = factory(home=home, settings=settings or {})
    if notice := getattr(made, "notice", ""):
        _tell(notice)
    return made


def _outsiders() -> dict[str, str]:
    from importlib.metadata import entry_points  # 40 ms, and most runs use a backend of ours

    return {point.name: point.value for point in entry_points(group="concrete.backends")}


@functools.cache
def _tell(notice: str) -> None:
    """Say once what a person should know before a backend is used."""
    LOG.warning(notice)
