"""Counters that all workers write, each in a slot of its own, and whoever is asked adds up.

A slot is a row of doubles in a mapped file: it outlives its worker, so that totals never fall.
"""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import alive

FILE = "board-"

PATHS = ("/", "/score", "/health", "/ready", "/openapi.json", "/metrics", "other")
STATUSES = (200, 204, 400, 401, 403, 404, 405, 408, 413, 415, 421, 422, 500, 503, 0)
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
ALIVE = 3.0  # seconds; a worker says every second that it is there

GAUGES = ("beat", "connections", "restarts", "rows", "warnings", "seconds", "answers")
PLACES = {name: place for place, name in enumerate(GAUGES)}
PLACES |= {f"le {bound}": len(PLACES) + place for place, bound in enumerate(BUCKETS)}
REQUESTS = len(PLACES)
WIDTH = REQUESTS + len(PATHS) * len(STATUSES)


def name(pid: int) -> str:
    """Return the name of a supervisor's file."""
    return f"{FILE}{pid}-{alive.mark(pid)}"


def sweep(folder: Path) -> None:
    """Remove the files that supervisors left when they were killed."""
    for path in folder.glob(f"{FILE}*"):
        pid = path.name.removeprefix(FILE).partition("-")[0]
        if not pid.isdigit() or path.name != name(int(pid)):
            path.unlink(missing_ok=True)


class Board:
    """The mapped file of an endpoint; slot 0 is the supervisor's, the others are the workers'."""

    def __init__(self, path: Path, slots: int) -> None:
        self.path = path
        self.slots = slots
        size = slots * WIDTH * 8
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.ftruncate(file, size)
            self._map = mmap.mmap(file, size)
        finally:
            os.close(file)
        self._cells: Any = memoryview(self._map).cast("d")

    def slot(self, number: int) -> Slot:
        """Return a slot to write into."""
        return Slot(self._cells[number * WIDTH : (number + 1) * WIDTH])

    def total(self, place: int) -> float:
        """Return the sum of one cell over all slots."""
        return float(sum(self._cells[place::WIDTH]))

    def living(self) -> list[int]:
        """Return the slots of the workers that are alive."""
        late = time.monotonic() - ALIVE
        return [slot for slot in range(1, self.slots) if self._cells[slot * WIDTH] > late]

    def fewest_connections(self) -> float:
        """Return how many connections the worker has that has the fewest."""
        place = PLACES["connections"]
        return float(min((self._cells[one * WIDTH + place] for one in self.living()), default=0))

    def text(self, model: str) -> str:
        """Return all of it in Prometheus' text format."""
        return "\n".join([*self._lines(model), ""])

    def _lines(self, model: str) -> Iterator[str]:
        yield "# TYPE concrete_model_info gauge"
        yield f'concrete_model_info{{model="{model}"}} 1'
        yield "# TYPE concrete_workers gauge"
        yield f"concrete_workers {len(self.living())}"
        for name in ("connections", "restarts", "rows", "warnings"):
            counter = name != "connections"
            full = f"concrete_{name}_total" if counter else f"concrete_{name}"
            yield f"# TYPE {full} {'counter' if counter else 'gauge'}"
            yield f"{full} {self.total(PLACES[name]):.0f}"
        yield "# TYPE concrete_requests_total counter"
        for at, path in enumerate(PATHS):
            for which, status in enumerate(STATUSES):
                if count := self.total(REQUESTS + at * len(STATUSES) + which):
                    labels = f'path="{path}",status="{status or "other"}"'
                    yield f"concrete_requests_total{{{labels}}} {count:.0f}"
        yield "# TYPE concrete_score_seconds histogram"
        below = 0.0
        for bound in BUCKETS:
            below += self.total(PLACES[f"le {bound}"])
            yield f'concrete_score_seconds_bucket{{le="{bound}"}} {below:.0f}'
        answers = self.total(PLACES["answers"])
        yield f'concrete_score_seconds_bucket{{le="+Inf"}} {answers:.0f}'
        yield f"concrete_score_seconds_sum {self.total(PLACES['seconds']):.6f}"
        yield f"concrete_score_seconds_count {answers:.0f}"


class Slot:
    """One row of the board, written by one process."""

    def __init__(self, cells: Any) -> None:
        self._cells = cells

    def add(self, name: str, amount: float = 1) -> None:
        """Count."""
        self._cells[PLACES[name]] += amount

    def set(self, name: str, value: float) -> None:
        """Say how much of something there is now."""
        self._cells[PLACES[name]] = value

    def get(self, name: str) -> float:
        """Return what was said."""
        return float(self._cells[PLACES[name]])

    def beat(self) -> None:
        """Say that the worker is alive."""
        self._cells[0] = time.monotonic()

    def request(self, path: str, status: int, seconds: float) -> None:
        """Count a request and how long it took."""
        at = PATHS.index(path if path in PATHS else "other")
        which = STATUSES.index(status if status in STATUSES else 0)
        self._cells[REQUESTS + at * len(STATUSES) + which] += 1
        if path == "/score":
            self.add("seconds", seconds)
            self.add("answers")
            for bound in BUCKETS:
                if seconds <= bound:
                    self.add(f"le {bound}")
                    break
