"""What a model expects of its rows: the columns, with kinds, units and the ranges it has seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

MOST_CHOICES = 1000


def signature(rows: pd.DataFrame, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the signature of the features in `rows`, the train rows; `facts` is the profile."""
    columns = [
        _column(rows[column["name"]], column)
        for column in facts["columns"]
        if column["role"] == "feature"
    ]
    units = {column["name"]: column["unit"] for column in facts["columns"]}
    target = facts["target"]
    return {
        "target": target,
        "target_unit": units[target],
        "columns": columns,
        "features": facts["features"],
        # How the file was written, where the experiment says so: new rows may be as well.
        **({"reading": facts["reading"]} if facts.get("reading") else {}),
    }


def _choices(values: pd.Series) -> dict[str, Any]:
    """Return the levels, the most frequent ones where there are too many to list."""
    counts = sorted(values.value_counts().items(), key=lambda one: (-one[1], one[0]))
    more = {"more_choices": True} if len(counts) > MOST_CHOICES else {}
    return {"choices": sorted(level for level, _ in counts[:MOST_CHOICES]), **more}


def _column(values: pd.Series, column: Mapping[str, Any]) -> dict[str, Any]:
    number = column["kind"] == "number"
    return {
        "name": column["name"],
        "kind": column["kind"],
        "dtype": column["dtype"],
        "unit": column["unit"],
        "min": values.min() if number else None,
        "max": values.max() if number else None,
        **(_choices(values) if column["kind"] == "category" else {"choices": None}),
        "missing": bool(values.isna().any()),
        **({"written": column["written"]} if column.get("written") else {}),
    }
