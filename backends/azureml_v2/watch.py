"""What happens to a run in the cloud, as events: asked for again and again, told once."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from concrete_cli.backend import Event, State

from .errors import transient
from .local_side import with_log
from .standing import log, standing, state_of, step_of

ENDS = ("Completed", "Failed", "Canceled")
SHORTEST, LONGEST = 0.2, 10.0  # seconds between looks
PATIENCE = 300.0  # seconds for which Azure may be out of reach
NONE = -1.0  # what fails is told at once
TAIL = 12  # lines
T = TypeVar("T")


@dataclass
class Watcher:
    """Follows one run; `ml` is the SDK's client, `sleep` waits for seconds.

    Logs of failed steps are kept in the run's folder below `home`.
    """

    ml: Any
    handle: str
    sleep: Callable[[float], None] = time.sleep
    patience: float = PATIENCE
    home: Path | None = None
    _told: dict[str, State] = field(default_factory=dict)
    _latest: float = 0

    def events(self) -> Iterator[Event]:
        """Yield events, in the order of their times, until the run has ended."""
        waits = _waits(self._ask(lambda: self.ml.jobs.get(self.handle)))
        changed = time.monotonic()
        while True:
            # the run first: when it has ended, the steps that are listed afterwards have too
            status = self._ask(lambda: self.ml.jobs.get(self.handle)).status
            news = sorted(self._look(waits), key=lambda event: event.time)
            if status in ENDS:
                news += self._rest(waits, status)
            for event in news:
                self._latest = max(self._latest, event.time)
                yield replace(event, time=self._latest)
            if status in ENDS:
                return
            if news:
                changed = time.monotonic()
            # a tenth late at most, however long the steps take
            self.sleep(min(LONGEST, max(SHORTEST, (time.monotonic() - changed) / 10)))

    def so_far(self) -> Iterator[Event]:
        """Yield what has happened until now, and wait for nothing."""
        self.sleep, self.patience = _stop, NONE
        with contextlib.suppress(_Seen):
            yield from self.events()

    def _look(self, steps: Mapping[str, object]) -> Iterator[Event]:
        for run in self._ask(lambda: list(self.ml.jobs.list(parent_job_name=self.handle))):
            step, state = step_of(run), state_of(run)
            known = self._told.get(step)
            if step in steps and state not in (State.WAITING, known):
                self._told[step] = state
                yield from self._events(step, state, run, begun=known is None)

    def _events(self, step: str, state: State, run: Any, *, begun: bool) -> Iterator[Event]:
        """Yield the event of a new state; one that was begun between two looks began as well."""
        known = self._ask(lambda: standing(self.ml, run.name))
        facts = {"run": run.name}
        start = known.started or time.time()
        if begun and state is not State.REUSED:
            yield Event(step, State.RUNNING, time=start, facts=facts)
        if state is State.RUNNING:
            return
        end = known.ended or time.time()
        seconds = 0.0
        if known.started and state is not State.REUSED:
            seconds = round(max(0.0, end - known.started), 3)
        entry = run.name if state.good else ""
        event = Event(step, state, end, seconds=seconds, entry=entry, facts=facts)
        if run.status == "Canceled":
            event = replace(event, detail="canceled")
        elif state is State.FAILED:
            event = self._with_tail(replace(event, detail=known.reason or "failed"))
        yield event

    def _with_tail(self, event: Event) -> Event:
        text = self._ask(lambda: log(self.ml, event.facts["run"]))
        tail = "\n".join(text.rstrip().splitlines()[-TAIL:])
        slow = re.search(r"^ran longer than .*$", tail, re.MULTILINE)
        detail = slow[0] if slow and event.detail.endswith("with 124") else event.detail
        event = replace(event, detail=detail, facts={**event.facts, "tail": tail})
        return with_log(event, self.handle, self.home, text) if self.home else event

    def _rest(self, waits: Mapping[str, set[str]], status: str) -> Iterator[Event]:
        """Yield the ends of the steps that never ran."""
        left = [name for name in waits if not self._told.get(name, State.WAITING).ended]
        now = time.time()
        if left and status == "Failed" and State.FAILED not in self._told.values():
            # Azure could not even begin: no image, no quota, no machine
            reason = self._ask(lambda: standing(self.ml, self.handle)).reason
            self._told[left[0]] = State.FAILED
            yield Event(left.pop(0), State.FAILED, time=now, detail=reason or "failed")
        failed = {name for name, state in self._told.items() if state is State.FAILED}
        for name in left:
            self._told[name] = State.SKIPPED
            causes = sorted(before(name, waits) & failed)
            why = f"{', '.join(causes)} failed" if causes and status == "Failed" else ""
            yield Event(name, State.SKIPPED, now, detail=why or "the run was canceled")

    def _ask(self, question: Callable[[], T]) -> T:
        """Return the answer; keep asking while Azure is out of reach for a moment."""
        deadline = time.monotonic() + self.patience
        pause = SHORTEST
        while True:
            try:
                return question()  # not silenced: progress may be drawn meanwhile, and it is quiet
            except Exception as error:
                if not transient(error) or time.monotonic() > deadline:
                    raise
            self.sleep(pause)
            pause = min(LONGEST, pause * 2)


class _Seen(Exception):
    """All has been told that is to be told."""


def _stop(seconds: float) -> None:
    del seconds
    raise _Seen


def _waits(pipeline: Any) -> dict[str, set[str]]:
    """Return the steps of a pipeline, and the steps that each one waits for."""
    pattern = re.compile(r"parent\.jobs\.(\w+)\.outputs")
    return {
        name: set(pattern.findall(" ".join(map(_text, step.inputs.values()))))
        for name, step in pipeline.jobs.items()
    }


def _text(given: Any) -> str:
    """Return what an input of a step is bound to; the SDK keeps text in two ways."""
    data = given._data  # noqa: SLF001  the wrapper's `path` raises for plain text
    return str(getattr(data, "path", data))


def before(name: str, waits: Mapping[str, set[str]]) -> set[str]:
    """Return every step that must end well before a step can begin."""
    found: set[str] = set()
    left = [name]
    while left:
        new = waits.get(left.pop(), set()) - found
        found |= new
        left += new
    return found
