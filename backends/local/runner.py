"""Carrying out a run: release, reuse, start, wait, settle; until every step has ended.

Each event is on disk before anybody hears of it, and what it tells of before that (see commits.py).
So whoever dies, be it of a power cut, the files of the run say how far it came, and the next runner
goes on from there.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from concrete_cli import cache
from concrete_cli.backend import Event, Options, State
from concrete_cli.cache import Cache, Entry
from concrete_cli.plan import Step
from concrete_cli.runs import Run

from .attempt import Attempt
from .commits import Commits
from .crew import Crew
from .inputs import Inputs
from .learned import Learned
from .orders import Ended
from .recipe import Recipes, not_reused
from .schedule import Schedule
from .verdict import Verdict, judge


class Runner:
    """Drives one run; the caller holds the run's lock."""

    def __init__(
        self, run: Run, cache_: Cache, schedule: Schedule, home: Path, *, keep_warm: float = 0
    ) -> None:
        self.run = run
        self.options: Options = run.options
        self._home = home
        self._cache = cache_
        self._schedule = schedule
        self._recipes = Recipes()
        self._learned = Learned(home)
        self._inputs = Inputs(home, run.folder / "nothing")
        self.scratch = home / "tmp" / run.id
        self._crew = Crew(self.scratch, run.folder, cold=self.options.cold, keep_warm=keep_warm)
        self._plan = run.plan
        self._before = run.last_events()
        self._written: list[Path] = []  # folders that the events of this turn tell of
        self._imports_asked = False

    def events(self) -> Iterator[Event]:
        """Run what is left to run; yield what happens."""
        with Commits(self.run.append) as commits:
            try:
                for happened in self._turns():
                    commits.add(happened, self._written)
                    self._written = []
                    yield from commits.safe()
            finally:
                self._crew.close()
                self._learned.save()
            commits.wait()
            yield from commits.safe()

    def _turns(self) -> Iterator[list[Event]]:
        """Yield what happens from one wait to the next."""
        happened: list[Event] = []
        while True:
            happened += self._release()
            happened += self._start()
            yield happened
            if not self._crew.busy:
                return
            happened = self._wait()
            if self.run.cancelled:
                yield happened + self._stop()
                return

    # --- release: a step whose inputs are complete is reused, or waits for processors

    def _release(self) -> list[Event]:
        events: list[Event] = []
        while released := self._schedule.released():
            for step in released:
                ingredients = self._recipes.of(step, self._inputs.content)
                if entry := self._reusable(step, ingredients):
                    events += self._reuse(step, entry)
                else:
                    self._schedule.queue(step)
        return events

    def _reusable(self, step: Step, ingredients: cache.Recipe) -> Entry | None:
        before = self._before.get(step.name)
        done = before and before.state.good  # in this run already, before it was resumed
        if not done and (not (self.options.reuse and step.reuse) or self._forced(step)):
            return None
        entry = self._cache.find(ingredients)
        again = entry is None or entry.failure or (entry.unlisted and not done)
        return None if again else entry

    def _reuse(self, step: Step, entry: Entry) -> list[Event]:
        self._complete(step, entry)
        before = self._before.get(step.name)
        if before and before.state.good and before.entry == entry.key:
            return []
        seconds = float(entry.record.get("seconds", 0))
        made_by = str(entry.record.get("run", ""))
        return [self._event(step, State.REUSED, seconds=seconds, entry=entry.key, detail=made_by)]

    def _forced(self, step: Step) -> bool:
        return step.name in self.options.force

    # --- start

    def _start(self) -> list[Event]:
        events: list[Event] = []
        while step := self._schedule.next():
            events.append(self._begin(step, 1, cold=False))
        if events and not self._imports_asked:
            self._preload()  # only now: the first step does not wait for what later ones import
        return events

    def _begin(self, step: Step, number: int, *, cold: bool) -> Event:
        ingredients = self._recipes.of(step, self._inputs.content)
        attempt = Attempt(
            step, number, ingredients, self._recipes.code(step), self._inputs.find, cold
        )
        attempt.imported = self._learned.of(step)
        self._crew.begin(attempt)
        return self._event(step, State.RUNNING, attempt=number, facts={"log": str(attempt.log)})

    def _preload(self) -> None:
        self._imports_asked = True
        wanted: dict[str, None] = {}
        for step in self._plan.steps:
            if step.name not in self._inputs.entries:
                known = (*self._recipes.code(step).at_once, *self._learned.of(step))
                wanted |= dict.fromkeys((*known, *self._recipes.code(step).ahead))
        if wanted and not self._crew.cold:
            self._crew.preload(wanted)

    # --- wait, settle

    def _wait(self) -> list[Event]:
        events: list[Event] = []
        over = self._crew.wait()
        self._recipes.look_again()
        for attempt, ended in over:
            events += self._settle(attempt, ended)
        return events

    def _settle(self, attempt: Attempt, ended: Ended) -> list[Event]:
        if ended.lost and not self._crew.lost_too_often:
            cold = attempt.cold or bool(attempt.stopping)
            return self._again(attempt, attempt.number, "the fork server was lost", cold=cold)
        seconds = round(time.monotonic() - attempt.started, 3)
        verdict = judge(attempt, ended, self._recipes, self._inputs, seconds)
        if verdict.again:
            number = attempt.number + 1
            return self._again(attempt, number, verdict.reason, cold=verdict.cold)
        self._schedule.give_back(attempt.step)
        if verdict.reason:
            return self._fail(attempt, verdict, seconds)
        facts: dict[str, Any] = {"cpu_seconds": round(ended.cpu, 3), "memory": ended.memory}
        if unlisted := attempt.unlisted():
            facts["unlisted"] = unlisted
        self._learned.note(attempt.step, attempt.imports())
        return self._finish(attempt, seconds, facts)

    def _again(self, attempt: Attempt, number: int, reason: str, *, cold: bool) -> list[Event]:
        waits = self._event(attempt.step, State.WAITING, attempt=attempt.number, detail=reason)
        return [waits, self._begin(attempt.step, number, cold=cold)]

    def _finish(self, attempt: Attempt, seconds: float, facts: dict[str, Any]) -> list[Event]:
        step = attempt.step
        record = {"step": step.name, "run": self.run.id, "seconds": seconds, **facts}
        anew = not (self.options.reuse and step.reuse) or self._forced(step)
        entry = attempt.store(self._cache, record, replace=anew)
        self._written.append(entry.path)
        self._complete(step, entry)
        told = {"attempt": attempt.number, "seconds": seconds, "entry": entry.key, "facts": facts}
        if "unlisted" in facts:
            told["detail"] = not_reused(step, facts["unlisted"])
        return [self._event(step, State.DONE, **told)]

    def _fail(self, attempt: Attempt, verdict: Verdict, seconds: float) -> list[Event]:
        if attempt.disk_full:  # then it is not to blame, and can be resumed
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._home))
        step, replay = attempt.step, attempt.replay()
        folder = self.run.folder / "failed" / step.name
        attempt.keep(folder)
        self._written.append(folder)
        failed = self._event(
            step,
            State.FAILED,
            attempt=attempt.number,
            seconds=seconds,
            detail=verdict.reason,
            facts={"log": str(folder / "log.txt"), "replay": replay},
        )
        if step.optional:
            self._complete(step, None)
            return [failed]
        names = self._schedule.dependents(step.name)
        why = f"{step.name} failed"
        skipped = [self._event(self._plan.step(n), State.SKIPPED, detail=why) for n in names]
        return [failed, *skipped]

    def _complete(self, step: Step, entry: Entry | None) -> None:
        self._inputs.entries[step.name] = entry
        self._schedule.complete(step.name)

    def _stop(self) -> list[Event]:
        """Carry out a request to cancel: nothing runs any more, what is done stays done."""
        stopped = self._crew.stop()
        return [self._event(one.step, State.WAITING, detail="cancelled") for one in stopped]

    def _event(self, step: Step, state: State, **facts: Any) -> Event:
        return Event(step.name, state, time=time.time(), **facts)
