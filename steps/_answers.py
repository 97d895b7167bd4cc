"""How predictions are written down as Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet


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
