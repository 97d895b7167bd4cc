"""Reads a table piece by piece, whole or one part of several: rows in order, memory bounded.

Parts of a Parquet file are ranges of rows. Parts of a CSV file are ranges of bytes that begin and
end between two records: the quotes before a place tell whether a line end there is inside a value.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from _cuts import Piece, boundary, records
from _step import Refused
from _table import BOMS, _check_names, _has_decimal_commas, _header

BLOCK = 8 << 20  # bytes of CSV that become one batch
ROWS = 1 << 16  # of a Parquet batch
WRONG = re.compile(r"In CSV column #(\d+)(?:: Row #(\d+))?: .* to (\w+): invalid value '(.*)'")
UNEVEN = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")
MISSING = pyarrow.csv.ConvertOptions().null_values  # "", NA, NULL, NaN ...
NOUNS = {"double": "a number", "bool": "true or false"}


def table(path: Path) -> Csv | Parquet:
    """Return the table in a file, whose name does not matter."""
    with path.open("rb") as file:
        head = file.read(4)
    if not head:
        raise Refused(f"{path} is empty: it needs a header line")
    return Parquet(path) if head == b"PAR1" else Csv(path)


class Parquet:
    """A Parquet file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            # With a buffer, columns are read in pieces instead of whole.
            self.file = pyarrow.parquet.ParquetFile(path, buffer_size=1 << 20)
        except (pa.ArrowException, OSError) as error:
            raise Refused(f"{path} is not a Parquet file that can be read: {error}") from error
        self.names: list[str] = self.file.schema_arrow.names
        _check_names(path, self.names)

    def batches(
        self,
        names: Collection[str],
        types: Mapping[str, Any],
        part: int,
        parts: int,
        *,
        exact: Collection[str] = (),  # noqa: ARG002 - nothing else is done with any of its text
    ) -> Iterator[Any]:
        """Yield the batches of a part; values become what `types` says, as far as they can."""
        count = self.file.metadata.num_rows
        begin, end = count * part // parts, count * (part + 1) // parts
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
        batches = self.file.iter_batches(ROWS, row_groups=[group], columns=list(names))
        for batch in batches:
            first = max(0, wanted[0] - row)
            last = min(batch.num_rows, wanted[1] - row)
            if last > first:
                yield self._typed(batch.slice(first, last - first), row + first, types)
            row += batch.num_rows

    def _typed(self, batch: Any, row: int, types: Mapping[str, Any]) -> Any:
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
                    f"{self.path}: column {name!r} holds {plain.type}, not {noun}, from row"
                    f" {row + 1} on ({error})"
                ) from error
        return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


class Csv:
    """A CSV file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            head = file.read(BLOCK)
        self.encoding = next((name for bom, name in BOMS.items() if head.startswith(bom)), "")
        if not self.encoding:
            self.encoding = "utf-8" if _is_utf8(head) else "latin-1"
        names, self.delimiter = _header(path, self.encoding)
        self.names = [name.strip() for name in names]  # as those of the data that trained
        _check_names(path, self.names)
        commas = self.delimiter == ";" and _has_decimal_commas(path, self.encoding)
        self.decimal = "," if commas else "."

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
        size = self.path.stat().st_size
        single = self.encoding.startswith(("utf-16", "utf-32"))  # its bytes cannot be cut
        if single and part:
            return
        with self.path.open("rb") as file:
            begin = 0 if part == 0 else boundary(file, size * part // parts)
            last = single or part == parts - 1
            end = size if last else boundary(file, size * (part + 1) // parts)
            if end <= begin:
                return
            piece = Piece(file, begin, end)
            try:
                for batch in self._read(piece, names, types, header=begin == 0):
                    yield _sparse(batch, exact)
            except pa.ArrowException as error:
                raise Refused(self._told(str(error), file, begin)) from error

    def _read(
        self, piece: io.RawIOBase, names: Collection[str], types: Mapping[str, Any], *, header: bool
    ) -> Iterator[Any]:
        encoding = "utf8" if self.encoding.startswith("utf-8") else self.encoding
        reader = pa.csv.open_csv(
            io.BufferedReader(piece, BLOCK),
            pa.csv.ReadOptions(
                block_size=BLOCK,
                encoding=encoding,
                use_threads=False,
                column_names=self.names,
                skip_rows_after_names=1 if header else 0,
            ),
            pa.csv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True),
            pa.csv.ConvertOptions(
                column_types={name: types.get(name, pa.string()) for name in names},
                include_columns=list(names),
                strings_can_be_null=False,  # see _sparse
                decimal_point=self.decimal,
            ),
        )
        yield from reader

    def _told(self, message: str, file: Any, begin: int) -> str:
        before = records(file, begin) if begin else -1  # the header is no row
        if found := UNEVEN.search(message):
            row, wanted, got = map(int, found.groups())
            return f"{self.path}, row {before + row}: {got} values where the header has {wanted}"
        if found := WRONG.search(message):
            column, told, kind, value = found.groups()
            place = f", row {before + int(told)}" if told else ""
            noun, name = NOUNS.get(kind, kind), self.names[int(column)]
            return f"{self.path}{place}: {name!r} should be {noun}, got {value!r}"
        return f"{self.path} cannot be read as CSV: {message}"


def without(array: Any, words: Collection[str]) -> Any:
    """Return text in which these words are missing values."""
    missing = pc.is_in(array, value_set=pa.array(list(words)))
    return pc.if_else(missing, pa.scalar(None, pa.string()), array)


def _sparse(batch: Any, exact: Collection[str]) -> Any:
    """Arrow can make text missing in all columns or in none; here it is in those not in `exact`."""
    arrays = [
        without(array, MISSING) if array.type == pa.string() and name not in exact else array
        for name, array in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True
