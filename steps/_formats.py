"""The formats in which rows are sent; all of them become columns.

    {"data": [{column: value, ...}, ...]}                                       ours
    {"dataframe_records": [{column: value, ...}, ...]}                          MLflow
    {"dataframe_split": {"columns": [...], "data": [[value, ...], ...]}}        MLflow
    {"inputs": ...}, {"instances": ...}, {"input_data": ...}                    MLflow, Azure ML
    {column: [value, ...], ...}, {column: {index: value, ...}, ...}             pandas

What is in data, inputs, instances and input_data may be rows, split, or columns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from _rejected import Rejected, kind, short

Columns = dict[str, list[Any]]
ROWS, SPLIT = "dataframe_records", "dataframe_split"
FORMATS = ("data", ROWS, SPLIT, "inputs", "instances", "input_data")
WANTED = (
    'expected {"data": [{column: value, ...}, ...]}, or dataframe_split, dataframe_records, inputs'
    " or input_data in its place, or {column: [value, ...], ...}"
)
SPLIT_WANTED = 'expected {"columns": [...], "data": [[value, ...], ...]}'
GUESSED = 5  # keys of what is no format that are compared with those of formats
SPLIT_KEYS = ("columns", "data", "index")


def read(document: Any, names: Collection[str], most: int) -> tuple[Columns, list[str]]:
    """Return all columns `names` of the rows in a document, and what is wrong with others.

    A value that was not sent is None. Rejected tells of what is no format, and of too many rows.
    """
    name, content = _content(document, names)
    if isinstance(content, list) and name != SPLIT:
        return _of_rows(name, content, names, most)
    if not isinstance(content, dict) or name == ROWS:
        wanted = SPLIT_WANTED if name == SPLIT else WANTED
        raise Rejected(f"{name}: {wanted}, got {kind(content)}")
    split = name == SPLIT or {"columns", "data"} <= content.keys()
    found = _of_split(name, content, most) if split else _of_columns(name, content, most)
    rows = len(next(iter(found.values())))
    absent = [None] * rows
    return {one: found.get(one, absent) for one in names}, list(_unknown(found, names))


def _content(document: Any, names: Collection[str]) -> tuple[str, Any]:
    """Return what holds the rows, and the name it has."""
    if not isinstance(document, dict):
        raise Rejected(f"{WANTED}, got {_looks(document, names)}")
    named = [key for key in FORMATS if key in document]
    of_columns = all(type(one) in (list, dict) for one in document.values())
    if not named and of_columns and any(key in names for key in document):
        return "the body", document
    if not named:
        raise Rejected(f"{WANTED}, got {_looks(document, names)}")
    if len(named) > 1:
        raise Rejected(f"got {named[0]} and {named[1]}: send one of them")
    for key, value in document.items():
        if key not in FORMATS and not (key == "params" and not value):  # MLflow's, often empty
            raise Rejected(f"{WANTED}, got also {short(key)}")
    return named[0], document[named[0]]


def _looks(document: Any, names: Collection[str]) -> str:
    """Return what was sent instead, as far as it can be guessed."""
    if isinstance(document, dict):
        return _looks_like_object(document, names)
    first = document[:1] if isinstance(document, list) else []
    if first and isinstance(first[0], dict):
        return 'a list of rows: put it into {"data": ...}'
    if first and isinstance(first[0], list):
        return f'a list of lists: put it into {{"{SPLIT}": {{"columns": [...], "data": ...}}}}'
    if isinstance(document, str) and document.strip()[:1] in ("{", "["):
        return "a text: it looks like JSON that was encoded twice"
    return kind(document)


def _looks_like_object(document: Mapping[str, Any], names: Collection[str]) -> str:
    known = {one.lower(): one for one in FORMATS}
    for key in list(document)[:GUESSED]:
        if near := get_close_matches(key.lower()[:100], known, n=1, cutoff=0.8):
            return f"{short(key)}: did you mean {known[near[0]]}?"
    if any(key in names for key in document):
        return 'something like one row: put it into {"data": [...]}'
    shown = ", ".join(short(key) for key in list(document)[:3])
    more = ", ..." if len(document) > 3 else ""
    return f"an object with {shown}{more}" if document else "an empty object"


def _of_rows(
    name: str, rows: list[Any], names: Collection[str], most: int
) -> tuple[Columns, list[str]]:
    _check_number(name, len(rows), most)
    for number, row in enumerate(rows, 1):
        if type(row) is not dict:
            hint = f": send lists of values as {SPLIT}" if type(row) is list else ""
            raise Rejected(f"row {number}: expected an object, got {kind(row)}{hint}")
    strange = next((at for at, row in enumerate(rows) if not row.keys() <= names), None)
    problems = (
        [] if strange is None else [f"row {strange + 1}: {next(_unknown(rows[strange], names))}"]
    )
    return {one: [row.get(one) for row in rows] for one in names}, problems


def _of_split(name: str, content: Mapping[str, Any], most: int) -> Columns:
    columns, rows = content.get("columns"), content.get("data")
    if not isinstance(columns, list) or not isinstance(rows, list):
        raise Rejected(f"{name}: {SPLIT_WANTED}")
    if extra := [key for key in content if key not in SPLIT_KEYS]:
        raise Rejected(f"{name}: {SPLIT_WANTED}, got also {short(extra[0])}")
    _check_names(name, columns)
    _check_number(name, len(rows), most)
    index = content.get("index")
    if index is not None and (not isinstance(index, list) or len(index) != len(rows)):
        raise Rejected(f"{name}: index does not have as many entries as there are rows")
    for number, row in enumerate(rows, 1):
        if type(row) is not list:
            raise Rejected(f"row {number}: expected a list of values, got {kind(row)}")
        if len(row) != len(columns):
            told = f"it has {len(row)} values for {len(columns)} columns"
            raise Rejected(f"row {number}: {told}")
    return {column: [row[at] for row in rows] for at, column in enumerate(columns)}


def _check_names(name: str, columns: list[Any]) -> None:
    if not columns:
        raise Rejected(f"{name} has no columns")
    seen: set[str] = set()
    for column in columns:
        if not isinstance(column, str):
            raise Rejected(f"{name}: the name of a column is a text, got {kind(column)}")
        if column in seen:
            raise Rejected(f"{name}: the column {short(column)} is listed twice")
        seen.add(column)


def _of_columns(name: str, content: Mapping[str, Any], most: int) -> Columns:
    if not content:
        raise Rejected(f"{name} holds no rows")
    first, values = next(iter(content.items()))
    form, wanted = (dict, "an object") if isinstance(values, dict) else (list, "a list of values")
    for column, given in content.items():
        if not isinstance(given, form):
            raise Rejected(f"{short(column)}: expected {wanted}, got {kind(given)}")
        if len(given) != len(values):
            told = f"{short(first)} has {len(values)} values, {short(column)} has {len(given)}"
            raise Rejected(f"the columns differ in length: {told}")
        if isinstance(given, dict) and given.keys() != values.keys():
            raise Rejected(f"{short(first)} and {short(column)} have different indexes")
    _check_number(name, len(values), most)
    if form is list:
        return dict(content)
    return {column: [given[key] for key in values] for column, given in content.items()}


def _check_number(name: str, rows: int, most: int) -> None:
    if not rows:
        raise Rejected(f"{name} holds no rows")
    if rows > most:
        message = f"{name} holds {rows} rows; one request may hold {most}"
        raise Rejected(f"{message}: send them in parts, or use batch scoring", 413)


def _unknown(given: Iterable[str], names: Collection[str]) -> Iterator[str]:
    """Yield what is wrong with the first column that the model does not have."""
    for one in given:
        if one not in names:
            near = get_close_matches(one[:100], names, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield f"the model has no column {short(one)}{hint}"
            return
