"""Reads a table piece by piece, whole or one part of several: rows in order, memory bounded.

Parts of a Parquet file are ranges of rows. Parts of a CSV file are ranges of bytes that begin and
end between two records: the quotes before a place tell whether a line end there is inside a value.

Numbers are read as Arrow reads them, which is quick. Where one is written in another way, all of
the file is looked at, as `prepare` does; what was read before then holds, for nothing in the file
makes a plain number another one (see `_table.has_commas`).
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

import _sheet
from _cuts import Piece, boundary, records
from _dialect import Dialect
from _files import Part
from _files import opened as parts_of
from _numerals import Tally, notation, numbers
from _pandas import categorical, index_columns
from _step import Refused
from _table import (
    MISSING,
    Reading,
    check_names,
    check_same,
    dialect_of,
    has_commas,
    is_text,
    parse_options,
    read_options,
    reading,
    with_keys,
    without,
)
from _verdict import File, Seen, Verdict, verdicts

BLOCK = 8 << 20  # bytes of CSV that become one batch
ROWS = 1 << 16  # of a Parquet batch
WRONG = re.compile(r"In CSV column #(\d+)(?:: Row #(\d+))?: .* to (\w+): invalid value '(.*)'")
UNEVEN = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")
NOUNS = {"double": "a number", "bool": "true or false"}
NUMBER = pa.float64()


@dataclass(frozen=True)
class Known:
    """What a model knows of how its data was written; `text` are the levels of its categories."""

    reading: Reading = field(default_factory=Reading)
    seen: Mapping[str, Seen] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, frozenset[str]] = field(default_factory=dict)


def known(signature: Mapping[str, Any]) -> Known:
    """Return what the signature of a model says of how its data was written."""
    columns = signature["columns"]
    settings = signature.get("reading") or {}
    markers = {text for one in columns for text in (one.get("written") or {}).get("missing", ())}
    markers |= {*settings.get("missing_markers", ())}
    how = reading({"missing_markers": sorted(markers), "encoding": settings.get("encoding")})
    return Known(
        how,
        {
            one["name"]: Seen(notation(one.get("written")), one["min"], one["max"])
            for one in columns
            if one["kind"] == "number" and one["min"] is not None
        },
        {one["name"]: one["unit"] for one in columns},
        {one["name"]: frozenset(map(str, one["choices"])) for one in columns if one["choices"]},
    )


@contextmanager
def opened(path: Path, signature: Mapping[str, Any] | None = None) -> Iterator[Table]:
    """Yield the table in a file or a folder, whose name does not matter.

    `signature` is that of the model which the rows are for.
    """
    with parts_of(path) as parts:
        yield Table(path, parts, known(signature) if signature else Known())


class Table:
    """The rows of one file, or of several in order."""

    def __init__(self, path: Path, parts: Sequence[Part], model: Known) -> None:
        self.path, self._model = path, model
        self._files = [FORMATS[part.format](part, model.reading) for part in parts]
        check_same(parts, [file.names for file in self._files])
        self.names: list[str] = self._files[0].names
        self.index, self.categories = self._files[0].index, self._files[0].categories
        self.is_text = isinstance(self._files[0], _Csv)
        self.delimiter = self._files[0].delimiter
        self.notes = [note for file in self._files for note in file.notes]
        self._verdicts: dict[str, Verdict] | None = None

    def decimal(self, names: Sequence[str]) -> str:
        """Return the decimal mark of these columns, as far as they are numbers."""
        if not any(file.unusual(names) for file in self._files):
            return "."
        found = verdicts(self._tallies(names), File(self.delimiter))
        return "," if any(one.written.decimal == "," for one in found.values()) else "."

    def batches(
        self,
        names: Collection[str],
        types: Mapping[str, Any],
        part: int,
        parts: int,
        *,
        exact: Collection[str] = (),
    ) -> Iterator[Any]:
        """Yield the batches of a part; a value that `types` does not allow is refused.

        Text such as NA is a missing value, but not in the columns of `exact`.
        """
        several = len(self._files)
        if several == 1:
            yield from self._file(self._files[0], names, types, (part, parts), exact)
            return
        for number in range(several * part // parts, several * (part + 1) // parts):
            yield from self._file(self._files[number], names, types, (0, 1), exact)

    def _file(
        self,
        file: _Csv | _Parquet | _Sheet,
        names: Collection[str],
        types: Mapping[str, Any],
        part: tuple[int, int],
        exact: Collection[str],
    ) -> Iterator[Any]:
        wanted = [name for name in names if types.get(name) == NUMBER]
        done = 0
        plain = self._verdicts is None and not any(one.unusual(wanted) for one in self._files)
        if plain or not wanted:
            try:
                for batch in file.batches(names, types, part):
                    yield self._sparse(batch, exact)
                    done += batch.num_rows
            except Unusual:
                pass
            else:
                return
        self.survey(wanted)
        text = {**types, **dict.fromkeys(wanted, pa.string())}
        row = 0
        for batch in file.batches(names, text, part):
            if row + batch.num_rows > done:
                rest = batch.slice(max(0, done - row))
                rest = self._numbers(rest, wanted, file, part, max(row, done))
                yield self._sparse(rest, exact)
            row += batch.num_rows

    def survey(self, names: Sequence[str]) -> None:
        """Find out how the numbers of these columns are written, in all of the table."""
        if self._verdicts is not None:
            return
        found = verdicts(self._tallies(names), File(self.delimiter), names, self._model.seen)
        for name, verdict in found.items():
            self._check(name, verdict)
        self._verdicts = found

    def _tallies(self, names: Sequence[str]) -> dict[str, Tally]:
        tallies = {name: Tally() for name in names}
        text = dict.fromkeys(names, pa.string())
        for file in self._files:
            for batch in file.batches(names, text, (0, 1)):
                for name in names:
                    tallies[name].add(without(batch.column(name), self._model.reading.missing))
        return tallies

    def _check(self, name: str, verdict: Verdict) -> None:
        if verdict.kind == "refused":
            advice = "; write it with a decimal point and nothing between thousands"
            raise Refused(f"{self.path}: column {name!r} {verdict.why}{advice}")
        seen, unit = self._model.seen.get(name), verdict.written.unit
        known = {"", self._model.units.get(name, ""), seen.written.unit if seen else unit}
        if unit not in known:
            told = f"in {seen.written.unit!r}" if seen and seen.written.unit else "without a unit"
            raise Refused(
                f"{self.path}: column {name!r} is written in {unit!r}, and was {told} in the rows"
                " that trained the model: convert it"
            )

    def _numbers(
        self, batch: Any, names: Sequence[str], file: Any, part: tuple[int, int], row: int
    ) -> Any:
        arrays = dict(zip(batch.schema.names, batch.columns, strict=True))
        found = self._verdicts or {}
        for name in names:
            text = without(arrays[name], self._model.reading.missing)
            arrays[name], wrong = numbers(text, found[name].written)
            if wrong.any():
                first = int(wrong.argmax())
                raise Refused(file.told(name, text[first].as_py(), part, row + first))
        return pa.RecordBatch.from_arrays([*arrays.values()], names=[*arrays])

    def _sparse(self, batch: Any, exact: Collection[str]) -> Any:
        """Arrow can make text missing in all columns or in none; here, in those not in `exact`."""
        if not self.is_text:
            return batch
        arrays = []
        for name, array in zip(batch.schema.names, batch.columns, strict=True):
            text = array.type == pa.string() and name not in exact
            levels = self._model.text.get(name, frozenset())
            words = [one for one in self._model.reading.missing if one not in levels]
            arrays.append(without(array, words) if text else array)
        return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


class Unusual(Exception):
    """Some number is not written as Arrow reads numbers."""


class _Parquet:
    """A Parquet file."""

    delimiter = ""
    notes: tuple[str, ...] = ()

    def __init__(self, part: Part, _: Reading) -> None:
        self.path = part.shown
        try:
            # With a buffer, columns are read in pieces instead of whole.
            self.file = pyarrow.parquet.ParquetFile(part.path, buffer_size=1 << 20)
        except (pa.ArrowException, OSError) as error:
            raise Refused(f"{self.path} is not a Parquet file that can be read: {error}") from error
        self.names: list[str] = [*self.file.schema_arrow.names, *(key for key, _ in part.keys)]
        self.keys = dict(part.keys)
        check_names(self.path, self.names)
        schema = self.file.schema_arrow
        self.index = index_columns(schema)
        self.categories = categorical(schema)

    def unusual(self, names: Collection[str]) -> bool:
        """Whether some of these columns are text."""
        schema = self.file.schema_arrow
        return any(is_text(schema.field(name).type) for name in names if name not in self.keys)

    def batches(
        self, names: Collection[str], types: Mapping[str, Any], part: tuple[int, int]
    ) -> Iterator[Any]:
        """Yield the batches of a part; values become what `types` says, as far as they can."""
        count = self.file.metadata.num_rows
        begin, end = count * part[0] // part[1], count * (part[0] + 1) // part[1]
        row = 0
        for group in range(self.file.num_row_groups):
            rows = self.file.metadata.row_group(group).num_rows
            if row + rows > begin and row < end:
                yield from self._group(group, row, (begin, end), names, types)
            row += rows

    def _group(
        self,
        group: int,
        row: int,
        wanted: tuple[int, int],
        names: Collection[str],
        types: Mapping[str, Any],
    ) -> Iterator[Any]:
        inside = [name for name in names if name not in self.keys]
        for batch in self.file.iter_batches(ROWS, row_groups=[group], columns=inside):
            first = max(0, wanted[0] - row)
            last = min(batch.num_rows, wanted[1] - row)
            if last > first:
                piece = _with_keys(batch.slice(first, last - first), self.keys, names)
                yield cast(self.path, piece, row + first, types)
            row += batch.num_rows

    def told(self, name: str, value: str, part: tuple[int, int], row: int) -> str:
        """Say which value is no number; `row` is counted from the beginning of the part."""
        before = self.file.metadata.num_rows * part[0] // part[1]
        return _told(self.path, name, value, before + row + 1)


class _Sheet:
    """A spreadsheet, all of it in memory."""

    delimiter = ""
    index: Sequence[str] = ()
    categories: Sequence[str] = ()

    def __init__(self, part: Part, _: Reading) -> None:
        self.path = part.shown
        self.table, self.notes = _sheet.read(part.path, part.shown)
        self.table = with_keys(self.table, dict(part.keys))
        self.names: list[str] = self.table.column_names
        check_names(self.path, self.names)

    def unusual(self, names: Collection[str]) -> bool:
        """Whether some of these columns are text."""
        return any(is_text(self.table.schema.field(name).type) for name in names)

    def batches(
        self, names: Collection[str], types: Mapping[str, Any], part: tuple[int, int]
    ) -> Iterator[Any]:
        """Yield the batches of a part; values become what `types` says, as far as they can."""
        count = self.table.num_rows
        begin, end = count * part[0] // part[1], count * (part[0] + 1) // part[1]
        for batch in self.table.select([*names]).slice(begin, end - begin).to_batches(ROWS):
            yield cast(self.path, batch, begin, types)
            begin += batch.num_rows

    def told(self, name: str, value: str, part: tuple[int, int], row: int) -> str:
        """Say which value is no number; `row` is counted from the beginning of the part."""
        return _told(self.path, name, value, self.table.num_rows * part[0] // part[1] + row + 1)


class _Csv:
    """A CSV file."""

    index: Sequence[str] = ()
    categories: Sequence[str] = ()

    def __init__(self, part: Part, wanted: Reading) -> None:
        self.path, self.file, self.wanted = part.shown, part.path, wanted
        self.dialect: Dialect = dialect_of(part, wanted)
        self.keys = dict(part.keys)
        self.names = [*self.dialect.names, *self.keys]
        self.delimiter, self.notes = self.dialect.delimiter, self.dialect.notes
        self._commas: bool | None = None

    def unusual(self, names: Collection[str]) -> bool:  # noqa: ARG002  text is text
        """Whether there may be commas in numbers, or points that are no decimal points."""
        if self._commas is None:
            self._commas = has_commas(self.file, self.dialect)
        return self._commas

    def batches(
        self, names: Collection[str], types: Mapping[str, Any], part: tuple[int, int]
    ) -> Iterator[Any]:
        """Yield the batches of a part; a value that `types` does not allow is refused."""
        start, size = self.dialect.begin, self.file.stat().st_size
        single = not self.dialect.divisible
        if single and part[0]:
            return
        quote = self.dialect.quote.encode()
        with self.file.open("rb") as file:
            ends = [start + (size - start) * number // part[1] for number in (part[0], part[0] + 1)]
            begin = start if part[0] == 0 else boundary(file, ends[0], start, quote)
            last = single or part[0] == part[1] - 1
            end = size if last else boundary(file, ends[1], start, quote)
            if end <= begin:
                return
            try:
                for batch in self._read(Piece(file, begin, end), names, types):
                    yield _with_keys(batch, self.keys, names)
            except pa.ArrowException as error:
                wrong = WRONG.search(str(error))
                if wrong and wrong[3] == "double":
                    raise Unusual from error
                raise Refused(self._refusal(str(error), file, begin)) from error

    def _read(
        self, piece: io.RawIOBase, names: Collection[str], types: Mapping[str, Any]
    ) -> Iterator[Any]:
        inside = [name for name in names if name not in self.keys]
        yield from pa.csv.open_csv(
            io.BufferedReader(piece, BLOCK),
            read_options(self.dialect, max(BLOCK, 2 * self.dialect.longest)),
            parse_options(self.dialect),
            pa.csv.ConvertOptions(
                column_types={name: types.get(name, pa.string()) for name in inside},
                include_columns=inside,
                null_values=[*MISSING, *self.wanted.given.missing_markers],
                strings_can_be_null=False,  # see Table._sparse
            ),
        )

    def _refusal(self, message: str, file: Any, begin: int) -> str:
        before = records(file, self.dialect.begin, begin, self.dialect.quote.encode())
        if found := UNEVEN.search(message):
            row, wanted, got = map(int, found.groups())
            return f"{self.path}, row {before + row}: {got} values where the header has {wanted}"
        if found := WRONG.search(message):
            column, told, kind, value = found.groups()
            place = f", row {before + int(told)}" if told else ""
            noun, name = NOUNS.get(kind, kind), self.names[int(column)]
            return f"{self.path}{place}: {name!r} should be {noun}, got {value!r}"
        return f"{self.path} cannot be read as CSV: {message}"

    def told(self, name: str, value: str, part: tuple[int, int], row: int) -> str:
        """Say which value is no number; `row` is counted from the beginning of the part."""
        start, size = self.dialect.begin, self.file.stat().st_size
        quote = self.dialect.quote.encode()
        with self.file.open("rb") as file:
            place = start + (size - start) * part[0] // part[1]
            begin = start if part[0] == 0 else boundary(file, place, start, quote)
            return _told(self.path, name, value, records(file, start, begin, quote) + row + 1)


FORMATS: dict[str, type[_Csv | _Parquet | _Sheet]] = {
    "csv": _Csv,
    "Parquet": _Parquet,
    "sheet": _Sheet,
}


def _with_keys(batch: Any, keys: Mapping[str, str | None], names: Collection[str]) -> Any:
    if not keys:
        return batch
    return with_keys(pa.Table.from_batches([batch]), keys).select([*names]).to_batches()[0]


def cast(path: Path, batch: Any, row: int, types: Mapping[str, Any]) -> Any:
    """Return a batch whose values are what `types` says, as far as they can."""
    arrays = []
    for name, array in zip(batch.schema.names, batch.columns, strict=True):
        plain = array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
        wanted = types.get(name, plain.type)
        safe = not pa.types.is_integer(plain.type)  # beyond 2**53 the nearest number will do
        try:
            arrays.append(plain if plain.type == wanted else plain.cast(wanted, safe=safe))
        except pa.ArrowException as error:
            noun = NOUNS.get(str(wanted), str(wanted))
            raise Refused(
                f"{path}: column {name!r} holds {plain.type}, not {noun}, from row"
                f" {row + 1} on ({error})"
            ) from error
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _told(path: Path, name: str, value: str, row: int) -> str:
    return f"{path}, row {row}: {name!r} should be a number, got {value!r}"
