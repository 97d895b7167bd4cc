"""How predictions are written down, as Parquet or CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from _step import Refused

SPECIAL = r'[",\r\n]'


def writer(path: Path, schema: Any) -> Any:
    """Return a writer; predictions are digits at random, so that pressing them costs time only."""
    floats = {field.name for field in schema if pa.types.is_floating(field.type)}
    return pyarrow.parquet.ParquetWriter(
        path,
        schema,
        compression={field.name: "NONE" if field.name in floats else "ZSTD" for field in schema},
        use_dictionary=[field.name for field in schema if field.name not in floats],
        write_statistics=False,
    )


class CsvWriter:
    """Writes CSV with quotes only where they must be; Arrow's own puts them around all text."""

    def __init__(self, path: Path, schema: Any, *, header: bool) -> None:
        for field in schema:
            if pa.types.is_nested(field.type):
                raise Refused(f"column {field.name!r} holds {field.type}: CSV cannot, Parquet can")
        self._file = path.open("wb")
        if header:
            names = _quoted(pa.array(schema.names)).to_pylist()
            self._file.write((",".join(names) + "\n").encode())

    def write_table(self, table: Any) -> None:
        """Write the rows of a table; a missing value is nothing between two commas."""
        for batch in table.to_batches():
            values = [_quoted(pc.cast(array, pa.string())) for array in batch.columns]
            lines = pc.binary_join_element_wise(
                *values, ",", null_handling="replace", null_replacement=""
            )
            ended = pc.binary_join_element_wise(lines, "\n", "")
            size = pc.sum(pc.binary_length(ended)).as_py()
            self._file.write(memoryview(ended.buffers()[2])[:size])

    def close(self) -> None:
        """End the file."""
        self._file.close()


def _quoted(array: Any) -> Any:
    special = pc.match_substring_regex(array, SPECIAL)
    if not pc.any(special).as_py():
        return array
    doubled = pc.replace_substring(array, '"', '""')
    return pc.if_else(special, pc.binary_join_element_wise('"', doubled, '"', ""), array)
