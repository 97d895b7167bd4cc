"""Reads a CSV or Parquet file as it comes from the world, or says in one line why it cannot."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from _step import Refused

BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
DELIMITERS = ",;\t|"
SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".pq")
QUOTED = re.compile('"[^"]*"')
LONGEST_HEADER = 100  # lines, where names in quotes hold line ends
BLOCK = 1 << 20


def read_table(source: Path, text: Collection[str]) -> tuple[pa.Table, list[str]]:
    """Return the table and what a person should know about how it was read.

    The columns in `text` are kept as they are written: `007` stays `007`.
    """
    path = _file(source)
    with path.open("rb") as file:
        head = file.read(BLOCK)
    if not head.strip(b"\0 \r\n\t\xff\xfe\xef\xbb\xbf"):
        raise Refused(f"{path} is empty: it needs a header line and rows")
    if head[:4] == b"PAR1":
        table, notes = _read_parquet(path), list[str]()
    else:
        try:
            table, notes = _read_csv(path, head, text)
        except (csv.Error, UnicodeError) as error:
            raise Refused(f"{path} cannot be read as CSV: {error}") from error
    _check_names(path, table.column_names)
    if table.num_rows == 0:
        raise Refused(f"{path} has a header but no rows")
    return table, notes


def _file(source: Path) -> Path:
    if source.is_dir():
        found = sorted(path for path in source.iterdir() if path.suffix.lower() in SUFFIXES)
        if len(found) != 1:
            raise Refused(f"{source} is a folder with {len(found)} data files: name one of them")
        return found[0]
    if not source.is_file():
        raise Refused(f"{source} does not exist: check `source` in [data]")
    return source


def _read_parquet(path: Path) -> pa.Table:
    try:
        return pa.parquet.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise Refused(f"{path} is not a Parquet file that can be read: {error}") from error


def _read_csv(path: Path, head: bytes, text: Collection[str]) -> tuple[pa.Table, list[str]]:
    encoding, notes = _encoding(path, head)
    raw, delimiter = _header(path, encoding)
    header = [name.strip() for name in raw]
    _check_names(path, header)
    if delimiter != ",":
        notes.append(f"{path.name} is separated by {delimiter!r}, not by commas")
    decimal = "," if delimiter == ";" and _has_decimal_commas(path, encoding) else "."
    broken: list[Any] = []

    def on_broken(row: Any) -> str:
        broken.append(row)
        return "error"

    try:
        table = pa.csv.read_csv(
            path,
            pa.csv.ReadOptions(
                encoding="utf8" if encoding == "utf-8-sig" else encoding, use_threads=False
            ),
            pa.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=on_broken
            ),
            pa.csv.ConvertOptions(
                column_types={name: pa.string() for name in raw if name.strip() in text},
                strings_can_be_null=True,
                decimal_point=decimal,
            ),
        ).rename_columns(header)
    except pa.ArrowException as error:
        if broken:
            row = broken[0]
            raise Refused(
                f"{path}, row {row.number - 1}: {row.actual_columns} values where the header has"
                f" {row.expected_columns} columns: {row.text[:80]!r}"
            ) from error
        raise Refused(f"{path} cannot be read as CSV: {error}") from error
    return table, notes


def _encoding(path: Path, head: bytes) -> tuple[str, list[str]]:
    for bom, name in BOMS.items():
        if head.startswith(bom):
            return name, []
    if b"\0" in head:
        raise Refused(f"{path} is not text: save it as CSV in UTF-8, or as Parquet")
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        note = f"{path.name} is not UTF-8: read as Latin-1, check names and texts with accents"
        return "latin-1", [note]
    return "utf-8", []


def _header(path: Path, encoding: str) -> tuple[list[str], str]:
    with path.open(encoding=encoding, newline="") as file:
        delimiter = _delimiter(file)
        file.seek(0)
        rows = filter(None, csv.reader(file, delimiter=delimiter))
        names = next(rows, None)
        if names is None:
            raise Refused(f"{path} is empty: it needs a header line")
        if next(rows, None) is None:
            raise Refused(f"{path} has a header but no rows")
    return names, delimiter


def _delimiter(lines: Iterable[str]) -> str:
    """Return what separates the names; what stands in quotes does not count, line ends least."""
    record = ""
    for line in islice(filter(str.strip, lines), LONGEST_HEADER):
        record += line
        if record.count('"') % 2 == 0:
            break
    bare = QUOTED.sub("", record)
    return max(DELIMITERS, key=lambda one: (bare.count(one), -DELIMITERS.index(one)))


def _has_decimal_commas(path: Path, encoding: str) -> bool:
    with path.open(encoding=encoding, newline="") as file:
        rows = csv.reader(file, delimiter=";")
        next(rows)
        first = [value for _, row in zip(range(100), rows, strict=False) for value in row]
    commas = [value for value in first if value.replace(",", "", 1).lstrip("-").isdecimal()]
    return any("," in value for value in commas) and not any(
        value.replace(".", "", 1).lstrip("-").isdecimal() and "." in value for value in first
    )


def _check_names(path: Path, names: Sequence[str]) -> None:
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        places = [number + 1 for number, name in enumerate(names) if name == twins[0]]
        where = " and ".join(map(str, places))
        raise Refused(f"{path}: column {twins[0]!r} appears twice, as columns {where}: rename one")
    if "" in names:
        raise Refused(
            f"{path}: column {names.index('') + 1} has no name: give it one in the header"
        )
