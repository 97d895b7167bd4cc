"""The first sheet with rows of a spreadsheet, as a table: .xlsx, .xls, .ods."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa

from _step import Refused


def read(path: Path, shown: Path) -> tuple[pa.Table, list[str]]:
    """Return the rows of a spreadsheet that is called `shown`, and what is to be known of them."""
    if find_spec("python_calamine") is None:
        raise Refused(
            f"{shown} is a spreadsheet: pip install 'concrete-cli[excel]', or save it as CSV"
        )
    from python_calamine import CalamineError, load_workbook

    try:
        with load_workbook(str(path)) as book:
            sheets = [
                (name, rows)
                for name in book.sheet_names
                if (rows := _full(book.get_sheet_by_name(name).to_python(skip_empty_area=False)))
            ]
    except (CalamineError, OSError, ValueError) as error:
        raise Refused(f"{shown} is not a spreadsheet that can be read: {error}") from error
    if not sheets:
        raise Refused(f"{shown} is empty: it needs a header line and rows")
    name, rows = sheets[0]
    names, width = [_name(cell) for cell in rows[0]], len(rows[0])
    columns = [[row[number] for row in rows[1:]] for number in range(width)]
    kept = [number for number in range(width) if names[number] or any(map(_held, columns[number]))]
    arrays = [_array(columns[number]) for number in kept]
    more = len(sheets) - 1
    notes = (
        [f"{shown.name} is read from its sheet {name!r}, the first of {more + 1}"] if more else []
    )
    return pa.Table.from_arrays(arrays, names=[names[number] for number in kept]), notes


def _full(rows: list[list[Any]]) -> list[list[Any]]:
    """Return the rows without the empty ones above and below; in between they are rows."""
    filled = [number for number, row in enumerate(rows) if any(map(_held, row))]
    return rows[filled[0] : filled[-1] + 1] if filled else []


def _value(cell: Any) -> Any:
    return None if isinstance(cell, str) and not cell.strip() else cell


def _held(cell: Any) -> bool:
    return _value(cell) is not None


def _name(cell: Any) -> str:
    return _text(cell).strip()


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _array(cells: Sequence[Any]) -> Any:
    """Return a column; one with numbers and texts is text, as in a CSV file."""
    values = [_value(cell) for cell in cells]
    kinds = {type(one) for one in values if one is not None}
    if kinds <= {int, float}:
        if all(value is None or float(value).is_integer() for value in values):
            values = [None if value is None else int(value) for value in values]
        return pa.array(values)
    times = {dt.date, dt.datetime}
    if kinds <= times:
        return pa.array([_moment(value) for value in values], pa.timestamp("ms"))
    if len(kinds) == 1 and kinds <= {bool, dt.time}:
        return pa.array(values)
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _moment(value: Any) -> Any:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001  as written
    return value
