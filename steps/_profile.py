"""What is in the data: counts, ranges, what is missing, what looks wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from _columns import Column, Wanted
from _hashes import column_hashes
from _suspicious import against_trend, conflicts

MOST_LEVELS = 20
MANY_LEVELS = 0.5
MOST = 50  # levels of a column without a warning
MANY_MISSING = 0.5


def profile(table: pa.Table, columns: Sequence[Column], wanted: Wanted) -> dict[str, Any]:
    """Return the profile of a checked table, with warnings."""
    hashes = column_hashes(table)
    with np.errstate(over="ignore"):
        rows = np.add.reduce([hashes[column.name] for column in columns])
    facts = [_column(table[column.name], column) for column in columns]
    return {
        "source": wanted.source.name,
        "rows": table.num_rows,
        "duplicates": table.num_rows - len(np.unique(rows)),
        "missing": sum(fact["missing"] for fact in facts),
        "target": wanted.target,
        "features": dict(wanted.features),
        "columns": facts,
        "warnings": [
            *_odd_columns(facts, table.num_rows),
            *_odd_rows(table, columns, hashes, wanted.rows),
        ],
    }


def _column(array: Any, column: Column) -> dict[str, Any]:
    fact: dict[str, Any] = {
        **column.facts(),
        "missing": pc.sum(pc.is_null(array, nan_is_null=True)).as_py(),
    }
    if column.kind == "category":
        counts = sorted(
            (
                (one["values"], one["counts"])
                for one in pc.value_counts(pc.drop_null(array)).to_pylist()
            ),
            key=lambda one: (-one[1], one[0]),
        )
        levels = {"levels": dict(counts[:MOST_LEVELS])}
        return fact | {"distinct": len(counts)} | levels
    values = np.asarray(pc.cast(array, pa.float64()), dtype=np.float64)
    values = values[np.isfinite(values)]
    return fact | {
        "distinct": len(np.unique(values)),
        "min": values.min(),
        "max": values.max(),
        "mean": values.mean(),
        "median": np.median(values),
        "std": values.std(),
    }


def _odd_columns(facts: Sequence[Mapping[str, Any]], rows: int) -> Iterator[str]:
    for fact in facts:
        if fact["role"] != "feature":
            continue
        name = fact["name"]
        if fact["distinct"] == 1 and not fact["missing"]:
            yield f"column {name!r} is the same in every row: it tells nothing"
        if fact["missing"] > MANY_MISSING * rows:
            yield f"column {name!r} is missing in {fact['missing']} of {rows} rows"
        if fact["kind"] == "category" and fact["distinct"] > min(MOST, MANY_LEVELS * rows):
            levels = fact["distinct"]
            yield f"column {name!r} has {levels} different texts in {rows} rows: drop it?"


def _odd_rows(
    table: pa.Table, columns: Sequence[Column], hashes: Mapping[str, Any], rows: Any
) -> Iterator[str]:
    features = [column.name for column in columns if column.role == "feature"]
    target = next(column.name for column in columns if column.role == "target")
    values = np.asarray(pc.cast(table[target], pa.float64()), dtype=np.float64)
    numbers = {
        column.name: np.asarray(pc.cast(table[column.name], pa.float64()), dtype=np.float64)
        for column in columns
        if column.role == "feature" and column.kind == "number"
    }
    yield from conflicts(hashes, features, values, target, rows)
    yield from against_trend(hashes, numbers, features, values, target, rows)
