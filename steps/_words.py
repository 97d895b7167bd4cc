"""How refusals name rows, and guess which name was meant."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

SHOWN = 3


def places(mask: Any, numbers: Any = None) -> str:
    """Return `row 7`, or `12 rows (first 5, 9, 12)`, for a mask over the rows.

    `numbers` are those of the rows in the file; without, they are counted from 1.
    """
    rows = np.flatnonzero(np.asarray(mask))
    rows = rows + 1 if numbers is None else numbers[rows]
    first = ", ".join(map(str, rows[:SHOWN]))
    return f"row {first}" if len(rows) == 1 else f"{len(rows)} rows (first {first})"


def first(mask: Any) -> int:
    """Return the place, from 0, of the first row in a mask."""
    return int(np.argmax(np.asarray(mask)))


def nearest(name: str, names: Sequence[str]) -> str:
    """Return `did you mean ...?`, or what there is, for a name that is not among `names`."""
    folded = {one.casefold().strip(): one for one in names}
    close = [folded[key] for key in get_close_matches(name.casefold().strip(), folded, n=2)]
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    return f"it has {', '.join(names)}"
