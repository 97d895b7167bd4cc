"""The keys that say which rows belong together, compared as they are written.

`01` and `1` are two keys, and so are two numbers of 20 digits that a float cannot tell apart. Only
plain numbers, such as `1` and `1.0`, are one key where they are one number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from _columns import Wanted, as_text
from _table import Read
from _words import places

PLAIN = r"^-?(0|[1-9]\d{0,14})([.,]\d{0,15})?$"


def written_keys(read: Read, wanted: Wanted) -> pa.Table:
    """Return the columns of `group_by` as text, as the file has them."""
    names = [name for name in dict.fromkeys(wanted.group_by) if name in read.table.column_names]
    typed = [name for name in names if not pa.types.is_string(read.table[name].type)]
    written = read.text(typed)
    return pa.table({name: as_text(written.get(name, read.table[name])) for name in names})


def comparable(written: pa.Table, table: pa.Table) -> pa.Table:
    """Return keys that are equal where rows belong together.

    A row that lacks half of its keys or more gets none: nothing says where it belongs. `table`
    holds the same rows with the types that the columns were found to have.
    """
    keys = {name: _key(written[name], table[name]) for name in written.column_names}
    alone = pa.array(_without(list(keys.values())))
    return pa.table({name: pc.if_else(alone, None, key) for name, key in keys.items()})


def notice(keys: pa.Table, rows: Any) -> str:
    """Return what a person has to know of rows without a key; `rows` are their numbers."""
    alone = np.logical_and.reduce([np.asarray(pc.is_null(key)) for key in keys.columns])
    if not alone.any():
        return ""
    names = " or ".join(map(repr, keys.column_names))
    have, each = ("has", "it is") if alone.sum() == 1 else ("have", "each is")
    return f"{places(alone, rows)} {have} no {names} to group by: {each} a group of its own"


def _without(keys: Sequence[Any]) -> Any:
    lacking = np.add.reduce([np.asarray(pc.is_null(key), dtype=np.int64) for key in keys])
    return 2 * lacking >= len(keys)


def _key(written: Any, values: Any) -> Any:
    text = pc.utf8_trim_whitespace(written)
    text = pc.if_else(pc.equal(text, ""), None, text)
    if pa.types.is_string(values.type):
        return text
    text = pc.if_else(pc.is_null(values, nan_is_null=True), None, text)
    numbers = pc.cast(pc.add(pc.cast(values, pa.float64()), 0.0), pa.string())
    return pc.if_else(pc.match_substring_regex(text, PLAIN), numbers, text)
