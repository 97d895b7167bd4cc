"""Reads a table as it comes from the world, or says in one line why it cannot.

CSV, Parquet and spreadsheets, packed or not, one file or the parts of a data set.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

import _dialect
import _memory
import _sheet
from _dialect import Dialect
from _files import Part, opened
from _numerals import Given
from _step import Refused

BLOCK = 1 << 20
MISSING = tuple(pyarrow.csv.ConvertOptions().null_values)  # "", NA, NULL, NaN ...
INNER_COMMA = ",[0-9]"
INNER_MARK = "[.,][0-9]"
QUOTED_COMMA = r"QUOTE(?:[^QUOTE,\r\n]{0,20}[0-9]|[-+]?),[0-9][^QUOTE\r\n]{0,40}QUOTE"
OVERLAP = 100  # bytes of a block that are looked at with the next one
CODE = r"^\s*0\d+\s*$"


@dataclass(frozen=True)
class Reading:
    """What the experiment says of how its data is written."""

    delimiter: str = ""
    encoding: str = ""
    given: Given = field(default_factory=Given)
    text: frozenset[str] = frozenset()  # columns that are kept as they are written
    choices: Mapping[str, frozenset[str]] = field(default_factory=dict)  # texts that are no NA

    @property
    def missing(self) -> list[str]:
        """The texts that mean no value, but for those that some column has among its choices."""
        kept = {text for texts in self.choices.values() for text in texts}
        return [one for one in (*MISSING, *self.given.missing_markers) if one not in kept]

    def nothing(self, name: str) -> list[str]:
        """Return the texts that mean no value in a column of text and are still in it."""
        kept = {text for texts in self.choices.values() for text in texts}
        rest = [one for one in (*MISSING, *self.given.missing_markers) if one in kept]
        return ["", *(one for one in rest if one not in self.choices.get(name, ()))]


def reading(settings: Mapping[str, Any], **more: Any) -> Reading:
    """Return what `delimiter`, `encoding`, `decimal`, `thousands` and `missing_markers` say."""
    return Reading(
        delimiter=settings.get("delimiter") or "",
        encoding=settings.get("encoding") or "",
        given=Given(
            settings.get("decimal"),
            settings.get("thousands"),
            tuple(settings.get("missing_markers") or ()),
        ),
        **more,
    )


@dataclass(frozen=True)
class Read:
    """A table that was read, and what a person should know about how.

    `text` reads columns once more, as they are written; `delimiter` is empty where there was none.
    """

    table: pa.Table
    notes: list[str]
    dialect: dict[str, str]
    text: Callable[[Collection[str]], dict[str, Any]]

    @property
    def delimiter(self) -> str:
        """What separates the values."""
        return self.dialect.get("delimiter", "")


def read_table(source: Path, wanted: Reading) -> Read:
    """Return all rows of a source.

    The columns in `wanted.text`, and whole numbers of which one begins with a zero, are kept as
    they are written: `007` stays `007`.
    """
    with opened(source) as parts:
        if parts[0].format == "csv":
            read = _read_csvs(parts, wanted, source)
        else:
            tables, notes = zip(*(_read_whole(part) for part in parts), strict=True)
            names = [[*table.column_names] for table in tables]
            check_same(parts, names)
            table = _joined(parts, [table.select(names[0]) for table in tables])
            told = [note for those in notes for note in those]
            read = Read(table, told, {}, lambda _: {})
    check_names(source, read.table.column_names)
    if read.table.num_rows == 0:
        raise Refused(f"{source} has a header but no rows")
    return read


def _read_whole(part: Part) -> tuple[pa.Table, list[str]]:
    if part.format == "sheet":
        return _sheet.read(part.path, part.shown)
    return _read_parquet(part), []


def _read_parquet(part: Part) -> pa.Table:
    try:
        file = pa.parquet.ParquetFile(part.path)
        rows, columns = file.metadata.num_rows, file.metadata.num_columns
        _memory.check(part.shown, rows * columns, part.path.stat().st_size)
        return file.read()
    except (pa.ArrowException, OSError) as error:
        raise Refused(f"{part.shown} is not a Parquet file that can be read: {error}") from error


def _read_csvs(parts: Sequence[Part], wanted: Reading, source: Path) -> Read:
    dialects = [dialect_of(part, wanted) for part in parts]
    check_same(parts, [dialect.names for dialect in dialects])
    texts = set(wanted.text)
    pairs = [*zip(parts, dialects, strict=True)]
    sizes = [part.path.stat().st_size for part in parts]
    values = sum(size // one.width for size, one in zip(sizes, dialects, strict=True))
    _memory.check(source, values, sum(sizes))
    tables = [read_csv(part, dialect, texts, wanted) for part, dialect in pairs]
    if mixed := _mixed(tables) - texts:
        tables = [
            _with(table, read_csv(part, dialect, mixed, wanted, mixed))
            for table, (part, dialect) in zip(tables, pairs, strict=True)
        ]

    def text(names: Collection[str]) -> dict[str, Any]:
        if not names:
            return {}
        with opened(source) as again:
            pairs = zip(again, dialects, strict=True)
            tables = [read_csv(part, dialect, names, wanted, names) for part, dialect in pairs]
        table = pa.concat_tables(tables)
        return {name: table[name] for name in names}

    table = _joined(parts, [table.select(dialects[0].names) for table in tables])
    if any(has_codes(part.path, dialect) for part, dialect in pairs):
        numbers = [name for name in table.column_names if is_number(table[name].type)]
        whole = [name for name in numbers if name not in dict(parts[0].keys)]
        for name, written in text(whole).items():
            if pc.any(pc.match_substring_regex(written, CODE)).as_py():
                table = table.set_column(table.column_names.index(name), name, written)
    first = dialects[0]
    dialect = {"encoding": first.encoding, "delimiter": first.delimiter}
    return Read(table, [note for one in dialects for note in one.notes], dialect, text)


def dialect_of(part: Part, wanted: Reading) -> Dialect:
    """Return the dialect of a CSV file, whose names are sound."""
    try:
        found = _dialect.find(part.path, part.shown, wanted.delimiter, wanted.encoding)
    except (csv.Error, UnicodeError) as error:
        raise Refused(f"{part.shown} cannot be read as CSV: {error}") from error
    check_names(part.shown, found.names)
    return found


def read_csv(
    part: Part,
    dialect: Dialect,
    text: Collection[str],
    wanted: Reading,
    names: Collection[str] | None = None,
) -> pa.Table:
    """Return a CSV file, those of its columns that are in `names`; `text` is kept as it is."""
    broken: list[Any] = []

    def on_broken(row: Any) -> str:
        broken.append(row)
        return "error"

    convert = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(text, pa.string()),
        include_columns=[] if names is None else [*names],
        null_values=wanted.missing,
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,  # "NA" is a text
    )
    try:
        with part.path.open("rb") as file:
            file.seek(dialect.begin)
            table = pa.csv.read_csv(
                file,
                read_options(dialect, max(BLOCK, 2 * dialect.longest)),
                parse_options(dialect, on_broken),
                convert,
            )
    except pa.ArrowException as error:
        if broken:
            row = broken[0]
            raise Refused(
                f"{part.shown}, row {row.number}: {row.actual_columns} values where the header has"
                f" {row.expected_columns} columns: {row.text[:80]!r}"
            ) from error
        raise Refused(f"{part.shown} cannot be read as CSV: {error}") from error
    if names is None and dialect.trailing:
        table = _without_trailing(part, table)
    for number, name in enumerate(table.column_names):
        if pa.types.is_string(table[name].type):
            table = table.set_column(number, name, without(table[name], wanted.nothing(name)))
    return table


def read_options(dialect: Dialect, block: int) -> Any:
    """Return how Arrow reads the rows of a file after its header."""
    return pa.csv.ReadOptions(
        block_size=block,
        encoding="utf8" if dialect.encoding == "utf-8" else dialect.encoding,
        use_threads=False,
        column_names=[*dialect.columns],
    )


def parse_options(dialect: Dialect, on_broken: Any = None) -> Any:
    """Return how Arrow finds the values of a row."""
    return pa.csv.ParseOptions(
        delimiter=dialect.delimiter,
        quote_char=dialect.quote,
        newlines_in_values=True,
        invalid_row_handler=on_broken,
    )


def _without_trailing(part: Part, table: pa.Table) -> pa.Table:
    last = table.column(table.num_columns - 1)
    if last.null_count < len(last):
        raise Refused(_nameless(part.shown, table.num_columns))
    return table.select(range(table.num_columns - 1))


def without(array: Any, words: Collection[str]) -> Any:
    """Return text in which these words are missing values."""
    missing = pc.is_in(array, value_set=pa.array(list(words), pa.string()))
    if not pc.any(missing).as_py():
        return array
    return pc.if_else(missing, pa.scalar(None, pa.string()), array)


def has_codes(path: Path, dialect: Dialect) -> bool:
    """Whether some value may begin with a zero and a digit: 007, but not 0.5."""
    if not dialect.divisible:
        return True
    before = np.frombuffer(f"{dialect.delimiter}{dialect.quote} \r\n".encode(), np.uint8)
    with path.open("rb") as file:
        file.seek(max(0, dialect.begin - 1))
        last = b"\n"
        while block := file.read(BLOCK):
            data = np.frombuffer(last + block, np.uint8)
            zeros = np.flatnonzero(data[1:-1] == ord("0")) + 1
            after = data[zeros + 1]
            zeros = zeros[(after >= ord("0")) & (after <= ord("9"))]
            if np.isin(data[zeros - 1], before).any():
                return True
            last = (last + block)[-2:]
    return False


def has_commas(path: Path, dialect: Dialect) -> bool:
    """Whether some number may have a comma in it, or a point that is no decimal point.

    Where values are separated by commas, that takes quotes; where they are separated by
    semicolons, as where commas are decimal, a point may stand between thousands.
    """
    if not dialect.divisible:
        return True
    pattern = {",": QUOTED_COMMA, ";": INNER_MARK}.get(dialect.delimiter, INNER_COMMA)
    mark = re.compile(pattern.replace("QUOTE", dialect.quote).encode())
    with path.open("rb") as file:
        file.seek(dialect.begin)
        last = b""
        while block := file.read(BLOCK):
            if mark.search(last + block):
                return True
            last = block[-OVERLAP:]
    return False


def is_number(kind: Any) -> bool:
    """Whether a type of Arrow is one of numbers."""
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def is_text(kind: Any) -> bool:
    """Whether a type of Arrow is one of text."""
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        pa.types.is_string(inner)
        or pa.types.is_large_string(inner)
        or pa.types.is_string_view(inner)
    )


def _mixed(tables: Sequence[pa.Table]) -> set[str]:
    """Return the columns that are numbers in one part and something else in another."""
    found = set()
    for name in tables[0].column_names:
        kinds = {table[name].type for table in tables} - {pa.null()}
        if len(kinds) > 1 and not all(map(is_number, kinds)):
            found.add(name)
    return found


def _with(table: pa.Table, columns: pa.Table) -> pa.Table:
    for name in columns.column_names:
        table = table.set_column(table.column_names.index(name), name, columns[name])
    return table


def _joined(parts: Sequence[Part], tables: Sequence[pa.Table]) -> pa.Table:
    """Return the parts one below the other, with what their folders are called as columns."""
    tables = [with_keys(table, dict(part.keys)) for part, table in zip(parts, tables, strict=True)]
    if len(tables) == 1:
        return tables[0]
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException as error:
        raise Refused(f"{parts[0].shown.parent} has parts that do not fit: {error}") from error


def with_keys(table: pa.Table, keys: Mapping[str, str | None]) -> pa.Table:
    """Return a table with what the folders of its file say, where it does not say it itself."""
    for key in keys.keys() - {*table.column_names}:
        table = table.append_column(key, pa.array([keys[key]] * table.num_rows, pa.string()))
    return table


def check_same(parts: Sequence[Part], names: Sequence[Sequence[str]]) -> None:
    """Refuse parts of a data set whose columns differ."""
    for part, those in zip(parts, names, strict=True):
        if {*those} != {*names[0]}:
            odd = min({*those} ^ {*names[0]})
            raise Refused(f"{part.shown} and {parts[0].shown} differ in their columns: {odd!r}")


def check_names(path: Path, names: Sequence[str]) -> None:
    """Refuse names that are there twice or missing."""
    twins = sorted(name for name, count in Counter(names).items() if count > 1)
    if twins:
        places = [number + 1 for number, name in enumerate(names) if name == twins[0]]
        where = " and ".join(map(str, places))
        raise Refused(f"{path}: column {twins[0]!r} appears twice, as columns {where}: rename one")
    if "" in names:
        raise Refused(_nameless(path, names.index("") + 1))


def _nameless(path: Path, number: int) -> str:
    return f"{path}: column {number} has no name: give it one in the header"
