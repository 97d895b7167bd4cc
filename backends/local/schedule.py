"""Which step may start now. Pure: no files, no processes, no clock."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from graphlib import TopologicalSorter

from concrete_cli.plan import Plan, Step


class Schedule:
    """The steps of a plan on their way from waiting to ended.

    `slots` is how many processors there are; a step that wants more than all of them runs alone.
    Among the steps that could start the one that is `expected` to take longest goes first, so
    that the others fill the gaps beside it (Graham 1969, longest processing time first).
    """

    def __init__(self, plan: Plan, slots: int, expected: Callable[[str], float]) -> None:
        self._steps = {step.name: step for step in plan.steps}
        # Sorted, since sets of text have another order in each process.
        self._graph = TopologicalSorter({step.name: sorted(step.needs) for step in plan.steps})
        self._graph.prepare()
        self._slots = self._free = slots
        self._expected = expected
        self._queue: list[Step] = []

    def released(self) -> list[Step]:
        """Return the steps whose inputs have become complete since the last call."""
        return [self._steps[name] for name in self._graph.get_ready()]

    def queue(self, step: Step) -> None:
        """Let a step wait for processors."""
        bisect.insort(self._queue, step, key=lambda waiting: -self._expected(waiting.name))

    def next(self) -> Step | None:
        """Take the next step that fits beside those that run, or nothing."""
        if not self._free:
            return None
        for place, step in enumerate(self._queue):
            if self._cost(step) <= self._free:
                self._free -= self._cost(step)
                return self._queue.pop(place)
        return None

    def give_back(self, step: Step) -> None:
        """Free the processors of a step that does not run any more."""
        self._free += self._cost(step)

    def complete(self, name: str) -> None:
        """Let go on what waits for this step."""
        self._graph.done(name)

    def dependents(self, name: str) -> list[str]:
        """Return the steps that need this one, directly or not, in the order of the plan."""
        found = {name}
        for step in self._steps.values():
            if step.needs & found:
                found.add(step.name)
        return [other for other in self._steps if other in found - {name}]

    def _cost(self, step: Step) -> int:
        return min(max(step.cpus, 1), self._slots)
