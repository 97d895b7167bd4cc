"""A request that shows how a model is asked, with its answer.

Its rows are the quartiles of each column: typical values, but no row of the data, which may be
nobody's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from _intervals import interval

QUARTILES = (0.25, 0.5, 0.75)


def sample(model: Any, manifest: Mapping[str, Any], rows: pd.DataFrame) -> dict[str, Any]:
    """Return `request` and `answer` for three rows."""
    columns = manifest["signature"]["columns"]
    table = pd.DataFrame({one["name"]: _typical(rows[one["name"]], one["kind"]) for one in columns})
    predicted = np.asarray(model.predict(table), dtype=np.float64)
    lower, upper = interval(manifest["interval"], predicted)
    data = [
        {one["name"]: _plain(table[one["name"]].iloc[row], one["kind"]) for one in columns}
        for row in range(len(table))
    ]
    answer = {
        "predictions": predicted.tolist(),
        "intervals": np.column_stack([lower, upper]).tolist(),
    }
    return {"request": {"data": data}, "answer": answer}


def _typical(values: pd.Series, kind: str) -> pd.Series:
    known = values.dropna()
    if known.empty:
        return pd.Series([values.iloc[0]] * len(QUARTILES), dtype=values.dtype)
    if kind == "number":
        ordered = known.sort_values()
        chosen = [ordered.iloc[int(share * (len(ordered) - 1))] for share in QUARTILES]
    else:
        counts = known.value_counts()
        best = sorted(counts.index, key=lambda level: (-counts[level], str(level)))
        chosen = [best[number % min(len(best), 2)] for number in range(len(QUARTILES))]
    return pd.Series(chosen, dtype=values.dtype)


def _plain(value: Any, kind: str) -> Any:
    if pd.isna(value):
        return None
    if kind == "boolean":
        return bool(value)
    return value.item() if hasattr(value, "item") else value
