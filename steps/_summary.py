"""What is in the columns of a table, found out batch by batch: memory is bounded, rows are not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import _times
from _numerals import MOSTLY, Notation, Tally, maybe_thousands, numbers
from _stream import Table
from _table import CODE, is_number, is_text
from _units import MARKERS
from _verdict import File, Verdict, asks_for_points, verdicts

MOST = 100_000  # different values of a column that are counted
SAMPLE = 16 << 20  # bytes of the first rows, which are compared with each other


class Numbers:
    """The numbers of a column: how many differ, their range, whether they grow from row to row."""

    def __init__(self) -> None:
        self.values = np.empty(0)
        self.more = False  # whether more differ than are counted
        self.missing = self.infinite = 0
        self.whole = self.ascending = self.thousands = True
        self._last = -np.inf

    def add(self, array: Any) -> None:
        """Add an array of numbers."""
        values = np.asarray(pc.cast(array, pa.float64(), safe=False), dtype=np.float64)
        finite = values[np.isfinite(values)]
        self.missing += int(np.isnan(values).sum())
        self.infinite += int(np.isinf(values).sum())
        if not len(finite):
            return
        self.whole = self.whole and bool(np.all(finite == np.floor(finite)))
        self.thousands = self.thousands and maybe_thousands(finite)
        self.ascending = self.ascending and bool(np.all(np.diff(finite, prepend=self._last) > 0))
        self._last = finite[-1]
        if self.more:
            finite = np.array([finite.min(), finite.max()])
        merged = np.union1d(self.values, finite)
        self.more = self.more or len(merged) > MOST
        self.values = merged if not self.more else merged[[0, -1]]
        self.distinct = MOST if self.more else len(merged)

    distinct = 0


@dataclass
class Column:
    """One column: its numbers, or its texts with what they look like, or the type of its values."""

    name: str
    rows: int = 0
    missing: int = 0
    type: Any = None  # of values that are neither text nor numbers
    numbers: Numbers | None = None
    tally: Tally | None = None
    levels: dict[str, int] = field(default_factory=dict)
    more: bool = False  # whether there are more levels than are counted
    code: str = ""  # a text of digits that begins with a zero
    verdict: Verdict | None = None

    def add_text(self, text: Any) -> None:
        """Count texts."""
        self.tally = self.tally or Tally()
        self.tally.add(text)
        if self.more:
            return
        for one in pc.value_counts(text.drop_null()).to_pylist():
            self.levels[one["values"]] = self.levels.get(one["values"], 0) + one["counts"]
        self.more = len(self.levels) > MOST

    @property
    def times(self) -> bool:
        """Whether its values are evidently dates or times."""
        if self.type is not None:
            return bool(pa.types.is_date(self.type) or pa.types.is_timestamp(self.type))
        if self.numbers:
            values, rising = self.numbers.values, self.numbers.ascending
            return _times.are_times(self.name, values, rising=rising)
        return _times.are_dates([*self.levels])

    @property
    def others(self) -> dict[str, int]:
        """The texts among numbers that are none, with their rows."""
        tally = self.tally
        return (
            {}
            if tally is None
            else {text: count for text, count in tally.words.items() if text not in MARKERS}
        )


def summarise(table: Table, target: str) -> tuple[list[Column], pa.Table]:
    """Return the columns, and the first rows of the table."""
    names = [name for name in table.names if name not in table.index or name == target]
    columns = {name: Column(name) for name in names}
    first: list[Any] = []
    again: set[str] = set()  # those that turned out to be text after their first rows
    for batch in _batches(table, names):
        if sum(one.nbytes for one in first) < SAMPLE:
            first.append(batch)
        for name, array in zip(batch.schema.names, batch.columns, strict=True):
            if not _add(columns[name], array, csv=table.is_text):
                again.add(name)
    again |= {one.name for one in columns.values() if one.code and one.name != target}
    _count_texts(table, [columns[name] for name in again])
    _decide(table, columns, target)
    _count_numbers(table, columns)
    return [*columns.values()], pa.Table.from_batches(first)


def _batches(table: Table, names: Collection[str]) -> Iterator[Any]:
    """Yield all rows; a CSV file has text only, in which words such as NA stand for no value."""
    text = {name: pa.string() for name in table.categories if name in names}
    return table.batches(names, text, 0, 1)


def _add(column: Column, array: Any, *, csv: bool) -> bool:
    """Add values; return whether those before them are still known for what they are."""
    column.rows += len(array)
    column.missing += array.null_count
    if is_text(array.type):
        text = pc.cast(array, pa.string())
        column.code = column.code or _code(text)
        if csv and column.tally is None and _add_plain(column, text):
            return True
        begun = column.numbers is not None
        column.numbers = None
        column.add_text(text)
        return not begun
    if is_number(array.type):
        column.numbers = column.numbers or Numbers()
        column.numbers.add(array)
    else:
        column.type = array.type
        column.add_text(pc.cast(array, pa.string()) if _writable(array.type) else _shown(array))
    return True


def _writable(kind: Any) -> bool:
    return bool(pa.types.is_boolean(kind) or pa.types.is_temporal(kind))


def _shown(array: Any) -> Any:
    return pa.array([None if one is None else "" for one in array.to_pylist()], pa.string())


def _add_plain(column: Column, text: Any) -> bool:
    """Take text that is plain numbers throughout, as most columns are."""
    try:
        plain = pc.cast(text, pa.float64())
    except pa.ArrowInvalid:
        return False
    column.numbers = column.numbers or Numbers()
    column.numbers.add(plain)
    return True


def _code(text: Any) -> str:
    padded = pc.fill_null(pc.match_substring_regex(text, CODE), False)  # noqa: FBT003  pyarrow
    index = pc.index(padded, True).as_py()
    return "" if index < 0 else str(text[index].as_py()).strip()


def _count_texts(table: Table, columns: Sequence[Column]) -> None:
    """Count the texts of columns from their first row on."""
    if not columns:
        return
    for one in columns:
        one.numbers, one.tally, one.levels, one.more = None, None, {}, False
    for batch in _batches(table, [one.name for one in columns]):
        for one in columns:
            one.add_text(pc.cast(batch.column(one.name), pa.string()))


def _decide(table: Table, columns: dict[str, Column], target: str) -> None:
    """Say of each column of text what it is."""
    plain = [one for one in columns.values() if one.numbers]
    points = any(
        not one.numbers.whole and not one.numbers.thousands for one in plain if one.numbers
    )
    file = File(table.delimiter, points and table.is_text)
    required = {target}

    def decided() -> dict[str, Verdict]:
        texts = {name: one.tally for name, one in columns.items() if one.tally and one.type is None}
        return verdicts(texts, file, required)

    found = decided()
    if table.is_text and (table.delimiter == ";" or any(map(asks_for_points, found.values()))):
        _count_texts(table, [one for one in plain if one.numbers and one.numbers.thousands])
        found = decided()
    for name, verdict in found.items():
        stays = name in table.categories and name not in required and not verdict.times
        columns[name].verdict = Verdict("category") if stays else verdict


def _count_numbers(table: Table, columns: dict[str, Column]) -> None:
    """Count the numbers among texts, now that it is known how they are written."""
    written: dict[str, Notation] = {
        name: one.verdict.written
        for name, one in columns.items()
        if one.verdict and one.verdict.kind == "number" and not one.verdict.words
    }
    if not written:
        return
    for name in written:
        columns[name].numbers = Numbers()
    for batch in _batches(table, [*written]):
        for name, how in written.items():
            found = columns[name].numbers
            assert found is not None
            found.add(numbers(pc.cast(batch.column(name), pa.string()), how)[0])


def mostly(column: Column) -> bool:
    """Whether most of the texts of a column are numbers."""
    tally = column.tally
    if tally is None:
        return False
    rows = sum(shape.count for shape in tally.shapes.values())
    return rows >= MOSTLY * max(1, column.rows - column.missing)
