"""Columns that say when a row was measured: dates, times of a day on a date, seconds since 1970."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from _numerals import DATE
from _table import is_number, is_text

MOSTLY = 0.5
DAYS = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")  # 20240131
# What ISO 8601 allows beside the usual: 20240131T0930Z, 2024-W05-3, 2024-031.
ISO = re.compile(
    rf"{DAYS.pattern}(?:[T ]?[0-9]{{2}}(?:[0-9:]{{2,6}}(?:[.,][0-9]+)?)?)?(?:Z|[+-][0-9:]{{2,5}})?"
    r"|(?:19|20)[0-9]{2}-?W[0-5][0-9](?:-?[1-7])?|(?:19|20)[0-9]{2}-[0-3][0-9]{2}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}(?::?[0-9]{2}){1,2}(?:[.,][0-9]+)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?",
    re.IGNORECASE,
)
NAMED = re.compile(
    r"(^|[^a-z])(time|timestamp|date|datetime|epoch|unix|ts|when)($|[^a-z])|(At|_at|Time|Date)$"
)
FIRST, LAST = 315_532_800, 4_102_444_800  # 1980 and 2100, in seconds since 1970
UNITS = (1, 10**3, 10**6, 10**9)  # of a second
SAMPLE = 10_000  # rows
SHOWN = 3  # names
CLOCK = re.compile(r"[0-9]{1,2}:.*")  # without a day it tells no order


def is_times(name: str, array: Any) -> bool:
    """Whether a column of a table holds dates or times."""
    if pa.types.is_dictionary(array.type):
        array = pc.cast(array, array.type.value_type)
    if pa.types.is_date(array.type) or pa.types.is_timestamp(array.type):
        return bool(array.null_count < len(array))
    if is_text(array.type):
        return are_dates(pc.drop_null(array.slice(0, SAMPLE)).to_pylist())
    if is_number(array.type):
        values = np.asarray(pc.cast(pc.drop_null(array), pa.float64(), safe=False))
        values = values[np.isfinite(values)]
        return are_times(name, values, rising=bool((np.diff(values) >= 0).all()))
    return False


def are_dates(texts: list[str]) -> bool:
    """Whether most of some texts are dates."""
    told = [text.strip() for text in texts]
    dates = sum(
        bool(ISO.fullmatch(text) or (DATE.fullmatch(text) and not CLOCK.fullmatch(text)))
        for text in told
    )
    return dates > MOSTLY * len(told)


def are_times(name: str, values: Any, *, rising: bool) -> bool:
    """Whether numbers are evidently times: days as 20240131, or a unit of time since 1970.

    A number of such a size may be an identifier, too: it takes a telling name, or that they are
    `rising` from row to row.
    """
    if len(values) < 2 or values.min() == values.max() or not (values == np.floor(values)).all():
        return False
    if values.min() >= 19_000_101 and values.max() <= 20_991_231:
        return all(DAYS.fullmatch(f"{value:.0f}") for value in np.unique(values[:SAMPLE]))
    spans = any(FIRST * unit <= values.min() and values.max() <= LAST * unit for unit in UNITS)
    named = NAMED.search(name) or NAMED.search(name.lower())
    return spans and (rising or bool(named))


def notice(names: Sequence[str]) -> str:
    """Return what a person has to know of a table with such columns."""
    if not names:
        return ""
    more = [f"{len(names) - SHOWN} more"] if len(names) > SHOWN else []
    *most, last = [*map(repr, names[:SHOWN]), *more]
    shown = f"{', '.join(most)} and {last}" if most else last
    hold = "holds" if len(names) == 1 else "hold"
    return (
        f"{shown} {hold} dates or times, but the split ignores their order: test rows lie between"
        " train rows in time, so the scores are likely better than they will be for later rows"
    )
