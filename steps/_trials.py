"""Trials and the journal in which a shard writes them down, a line each, as they end.

The journal is a file in the folder that the backend keeps for a step until it succeeds
(`CONCRETE_STATE`): a shard that is killed and started again goes on after its last whole line.
Where there is no such folder the journal lies in the output, and a new try begins anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from _scores import METRICS, loss

DONE, STOPPED, FAILED = "done", "stopped", "failed"
FILE = "trials.jsonl"


@dataclass(frozen=True)
class Trial:
    """One configuration that was tried.

    `params` are what the model is made with; `point` is its place in the space, empty for the
    untuned model and the preset. `folds` are scores, fewer than there are folds when the trial was
    stopped; `elapsed` is when it ended, in seconds of its shard.
    """

    number: int
    state: str
    params: Mapping[str, Any]
    point: Mapping[str, float] = field(default_factory=dict)
    folds: tuple[Mapping[str, float], ...] = ()
    seconds: float = 0
    elapsed: float = 0
    error: str = ""

    @property
    def may_pass(self) -> bool:
        """Whether it failed of something that may be gone: no memory, a licence that is missing.

        Parameters that scikit-learn refuses are refused the next time, too.
        """
        return self.state == FAILED and not self.error.startswith("InvalidParameterError:")

    def curve(self, metric: str) -> list[float]:
        """Return the score of each fold."""
        return [fold[metric] for fold in self.folds]

    def loss(self, metric: str) -> float:
        """Return what the search makes small; infinite unless all folds were seen."""
        if self.state != DONE:
            return float("inf")
        return loss(metric, fmean(self.curve(metric)))

    def cv(self) -> dict[str, float]:
        """Return the mean of each metric over the folds."""
        return {name: fmean(self.curve(name)) for name in METRICS}


class Journal:
    """The trials of one shard, on disk as soon as they end."""

    def __init__(self, output: Path) -> None:
        self.path = Path(os.environ.get("CONCRETE_STATE") or output) / FILE
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write(read(self.path))  # the last line may be torn: write the whole ones

    def add(self, trial: Trial) -> None:
        """Write a trial down; a process that is killed after this has not lost it."""
        self.trials.append(trial)
        self._file.write(_line(trial))
        self._file.flush()

    def cut(self, count: int) -> None:
        """Keep so many trials, and forget those after them."""
        self._file.close()
        self._write(self.trials[:count])

    def finish(self, output: Path) -> None:
        """Leave the trials in the output folder, as the result of the shard."""
        self._file.close()
        if self.path.parent != output:
            (output / FILE).write_text("".join(map(_line, self.trials)), encoding="utf-8")

    def _write(self, trials: list[Trial]) -> None:
        self.trials = trials
        scratch = self.path.with_suffix(".tmp")
        scratch.write_text("".join(map(_line, trials)), encoding="utf-8")
        scratch.replace(self.path)
        self._file = self.path.open("a", encoding="utf-8", buffering=1)


def read(path: Path) -> list[Trial]:
    """Return the trials in a journal; a line that was cut short does not count."""
    if not path.is_file():
        return []
    return list(_parse(path.read_text(encoding="utf-8", errors="replace").splitlines()))


def _parse(lines: Iterable[str]) -> Iterable[Trial]:
    for line in lines:
        try:
            fields = json.loads(line)
            yield Trial(**{**fields, "folds": tuple(fields["folds"])})
        except (ValueError, TypeError, KeyError):
            return


def _line(trial: Trial) -> str:
    return json.dumps(asdict(trial), ensure_ascii=False) + "\n"
