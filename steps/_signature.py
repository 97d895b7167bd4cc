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
    }


def _choices(values: pd.Series) -> list[str] | None:
    levels = values.dropna().unique()
    return sorted(levels) if len(levels) <= MOST_CHOICES else None


def _column(values: pd.Series, column: Mapping[str, Any]) -> dict[str, Any]:
    number = column["kind"] == "number"
    return {
        "name": column["name"],
        "kind": column["kind"],
        "dtype": column["dtype"],
        "unit": column["unit"],
        "min": values.min() if number else None,
        "max": values.max() if number else None,
        "choices": _choices(values) if column["kind"] == "category" else None,
        "missing": bool(values.isna().any()),
    }
