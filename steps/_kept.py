"""The columns that are carried over to the predictions: as they are, as what they are.

A CSV file holds text only. Written to CSV again it stays the same text; in a Parquet file a column
of numbers is numbers, and one of true and false is booleans. All values decide, wherever they
stand, so that every part of the rows comes to the same. `007`, an identifier of 20 digits, `1_000`
and dates stay text: made a number they would not come back as they were.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from _stream import Table
from _table import MISSING, without

WHOLE = r"-?(0|[1-9]\d{0,17})"
NUMBER = r"[-+]?((0|[1-9]\d{0,14})(POINT\d*)?|POINT\d+)([eE][-+]?\d{1,3})?"
KINDS = (
    (pa.bool_(), "true|false|True|False|TRUE|FALSE"),
    (pa.int64(), WHOLE),
    (pa.float64(), NUMBER),
)
POINTS = {".": r"\.", ",": ","}


class Kept:
    """Knows what the kept columns of a table become; `seen` are those that the model knows."""

    def __init__(
        self, table: Table, names: Collection[str], seen: Collection[str], *, csv: bool
    ) -> None:
        self.exact = [name for name in names if name not in seen and table.is_text]
        self.decimal = table.decimal(self.exact) if self.exact else "."
        # Where a comma is the decimal point, what is written would be no number there.
        typed = self.exact and not (csv and self.decimal == ".")
        self.types = _types(table, self.exact, self.decimal) if typed else {}

    def column(self, batch: Any, name: str) -> Any:
        """Return the values of a kept column in a batch."""
        array = batch.column(name)
        if name not in self.exact:
            return array
        if name not in self.types:
            return without(array, [""])
        plain = without(pc.utf8_trim_whitespace(array), MISSING)
        if self.decimal != ".":
            plain = pc.replace_substring(plain, self.decimal, ".", max_replacements=1)
        return plain.cast(self.types[name])


def _types(table: Table, names: Collection[str], decimal: str) -> dict[str, Any]:
    """Return the type of each column whose values are all of one; the others are text."""
    able = {name: [*KINDS] for name in names}
    full = set()
    for batch in table.batches(names, {}, 0, 1, exact=names):
        for name in [name for name in names if able[name]]:
            values = without(pc.utf8_trim_whitespace(batch.column(name)), MISSING).drop_null()
            able[name] = [kind for kind in able[name] if _all(values, kind[1], decimal)]
            if len(values):
                full.add(name)
        if not any(able.values()):
            break
    return {name: able[name][0][0] for name in names if able[name] and name in full}


def _all(values: Any, pattern: str, decimal: str) -> bool:
    whole = f"^({pattern.replace('POINT', POINTS[decimal])})$"
    return pc.all(pc.match_substring_regex(values, whole), min_count=0).as_py() is True
