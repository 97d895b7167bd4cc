"""One number per row and column, equal where the values are: the cheap way to compare rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]


def column_hashes(table: pa.Table) -> dict[str, Hashes]:
    """Return the hashes of every column; those of several columns may be added up."""
    return {
        name: _mixed(_bits(table[name]) + np.uint64(0x9E3779B97F4A7C15 * number % 2**64))
        for number, name in enumerate(table.column_names, 1)
    }


def _bits(array: Any) -> Hashes:
    if pa.types.is_string(array.type):
        codes = pc.fill_null(pc.cast(_codes(array), pa.int64()), -1)
        return np.asarray(codes).astype(np.uint64)
    values = np.asarray(pc.cast(array, pa.float64()), dtype=np.float64) + 0.0
    values = np.where(np.isnan(values), np.nan, values)
    return values.view(np.uint64)


def _codes(array: Any) -> Any:
    encoded = pc.dictionary_encode(array).combine_chunks()
    return encoded.indices if hasattr(encoded, "indices") else encoded.chunk(0).indices


def _mixed(bits: Hashes) -> Hashes:
    # The finaliser of SplitMix64: every bit of the value moves every bit of the hash.
    with np.errstate(over="ignore"):
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return bits ^ (bits >> np.uint64(31))
