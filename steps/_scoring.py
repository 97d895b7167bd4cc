"""A loaded model that answers requests: JSON in, predictions, intervals and warnings out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from _bundle import load_bundle
from _fast import Predict, compile_, prove
from _formats import Columns
from _intervals import Floats, interval
from _rejected import Rejected
from _request import Signature, parse

FEW = 32  # rows up to which walking all trees at once is the quicker way


class Scorer:
    """A model folder, loaded once; `name` is what its answers call it, such as `concrete:3`."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.pipeline, self.manifest = load_bundle(folder)
        for estimator in estimators(self.pipeline):
            # One thread each: a request is too small to share, and several processes serve.
            if "n_jobs" in estimator.get_params(deep=False):
                estimator.set_params(n_jobs=1)
        self.signature = Signature(self.manifest["signature"])
        self._fast: Predict | None = None

    def quicken(self) -> bool:
        """Take the quick way for few rows from now on, if it is known and proven.

        Computes: call it in the process that answers.
        """
        fast = compile_(self.pipeline)
        if fast and prove(fast, self.pipeline, self.manifest["signature"]):
            self._fast = fast
        return self._fast is not None

    @property
    def quick(self) -> bool:
        """Whether few rows are predicted in the quick way: each for itself, whatever is beside."""
        return self._fast is not None

    def answer(self, raw: str | bytes, *, intervals: bool = True) -> dict[str, Any]:
        """Return the answer to a request; Rejected says what is wrong with one."""
        columns, warnings = self.read(raw)
        return self.document(self.predict(columns), warnings, intervals=intervals)

    def read(self, raw: str | bytes) -> tuple[Columns, list[str]]:
        """Return the columns of a request, and what is odd in them."""
        return self.signature.read(parse(raw))

    def document(
        self, predicted: Floats, warnings: list[str], *, intervals: bool = True
    ) -> dict[str, Any]:
        """Return the answer for what was predicted."""
        answer: dict[str, Any] = {"predictions": predicted.tolist()}
        if intervals:
            ends = interval(self.manifest["interval"], predicted)
            answer["intervals"] = np.column_stack(ends).tolist()
        return answer | {"model": self.name, "warnings": warnings}

    def predict(self, columns: Columns) -> Floats:
        """Return one finite float per row."""
        rows = len(next(iter(columns.values())))
        predict = self._fast if self._fast and rows <= FEW else self.pipeline.predict
        with np.errstate(all="ignore"):
            try:
                predicted: Floats = np.asarray(predict(columns), dtype=np.float64)
            except ValueError as error:  # how estimators refuse what overflows on its way
                raise Rejected("the model cannot compute an answer to these values") from error
        wrong = np.flatnonzero(~np.isfinite(predicted))
        if wrong.size:
            raise Rejected(f"row {wrong[0] + 1}: the model's answer is not a finite number")
        return predicted


def estimators(root: Any) -> Iterator[Any]:
    """Yield an estimator and all that it is made of."""
    yield root
    for value in vars(root).values():
        items = value if isinstance(value, list | tuple) else [value]
        for item in items:
            part = item[1] if isinstance(item, tuple) and len(item) == 2 else item
            if hasattr(part, "get_params") and not isinstance(part, type):
                yield from estimators(part)
