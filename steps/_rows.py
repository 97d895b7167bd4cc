"""From batches of a table to what a model takes, checked against its signature."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from _numerals import number_in
from _pipeline import level
from _request import known_levels, span
from _step import Refused
from _words import nearest

TYPES = {"number": pa.float64(), "boolean": pa.bool_()}
SHOWN = 3


def check_columns(
    names: Sequence[str], signature: Mapping[str, Any], keep: Sequence[str], path: Path
) -> None:
    """Refuse a table that lacks columns of the model, or has others than these and `keep`."""
    wanted = [column["name"] for column in signature["columns"]]
    spare = [one for one in names if one not in wanted]
    problems, said = [], {""}
    for name in wanted:
        if name not in names:
            hint = nearest(name, spare) if spare else ""
            problems.append(
                f"it has no column {name!r}" + (f"; {hint}" if hint not in said else "")
            )
            said.add(hint)
    lost = [name for name in keep if name not in names]
    problems += [f"it has no column {name!r} to keep; {nearest(name, names)}" for name in lost]
    if problems:
        more = f" (and {len(problems) - SHOWN} more)" if len(problems) > SHOWN else ""
        raise Refused(f"{path}: {', '.join(problems[:SHOWN])}{more}")
    extra = [name for name in names if name not in wanted and name not in keep]
    if extra:
        shown = ", ".join(map(repr, extra[:SHOWN])) + (", ..." if len(extra) > SHOWN else "")
        words = " ".join(f"--keep {name}" for name in extra[:SHOWN])
        raise Refused(
            f"{path}: the model knows nothing of {shown}: leave out what it does not know, or have"
            f" it carried over to the predictions: {words}"
        )


def types(signature: Mapping[str, Any]) -> dict[str, Any]:
    """Return the Arrow type of each number and boolean; categories come as they are."""
    columns = signature["columns"]
    return {one["name"]: TYPES[one["kind"]] for one in columns if one["kind"] in TYPES}


class Rows:
    """Turns batches into columns for the model, and says what is odd in each row."""

    def __init__(self, signature: Mapping[str, Any]) -> None:
        self.columns = signature["columns"]
        self.levels = {one["name"]: known_levels(one) for one in self.columns}
        markers = (signature.get("reading") or {}).get("missing_markers", ())
        self.markers = [one for one in map(number_in, markers) if one is not None]
        self.odd: dict[str, int] = {}

    def read(self, batch: Any) -> tuple[dict[str, Any], NDArray[np.object_]]:
        """Return the columns of a batch, and a warning per row, None where all is well."""
        found: dict[str, Any] = {}
        warnings = np.full(batch.num_rows, None, dtype=object)
        for column in self.columns:
            name = column["name"]
            array = batch.column(name)
            if column["kind"] == "category":
                values = array.to_pylist()
                told = list(self._strange(name, values))
            else:
                values = _floats(array)
                values[np.isin(values, self.markers)] = np.nan
                told = list(_outside(column, values))
                values[np.isinf(values)] = np.nan
            if array.null_count and not column["missing"]:
                missing = np.flatnonzero(pc.is_null(array).to_numpy(zero_copy_only=False))
                told += [(int(row), f"{name} is missing") for row in missing]
            for row, text in told:
                warnings[row] = f"{warnings[row]}; {text}" if warnings[row] else text
            if told:
                self.odd[name] = self.odd.get(name, 0) + len(told)
            found[name] = values
        return found, warnings

    def _strange(self, name: str, values: list[Any]) -> Iterator[tuple[int, str]]:
        known = self.levels[name]
        if known is None:
            return
        for row, value in enumerate(values):
            if value is not None and value not in known and level(value, known) not in known:
                yield row, f"{name} {value!r} was not seen in training"


def _floats(array: Any) -> NDArray[np.float64]:
    plain = pc.cast(array, pa.float64())
    return np.array(plain.to_numpy(zero_copy_only=False), dtype=np.float64)


def _outside(column: Mapping[str, Any], values: NDArray[np.float64]) -> Iterator[tuple[int, str]]:
    low, high = column["min"], column["max"]
    if column["kind"] != "number" or low is None:
        return
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero((values < low) | (values > high))
    said = span(low, high)
    for row in rows:
        yield int(row), f"{column['name']} {values[row]:.10g} is outside {said}"
