"""What pandas has written into a Parquet file beside the values: its index, its categories.

An index numbers or names the rows where the table was made, and is no value of theirs: it is used
only where the experiment names it. Whoever made a Categorical has said that its digits are names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pyarrow as pa

UNNAMED = re.compile(r"__index_level_[0-9]+__")


def index_columns(schema: Any) -> list[str]:
    """Return the columns of an Arrow schema that are an index of pandas."""
    named = [one for one in _said(schema, "index_columns") if isinstance(one, str)]
    return [name for name in schema.names if name in named or UNNAMED.fullmatch(name)]


def categorical(schema: Any) -> list[str]:
    """Return the columns of an Arrow schema that are dictionaries, or Categoricals of pandas.

    Parquet knows dictionaries of texts only: those of numbers are plain numbers in the file.
    """
    columns = (one for one in _said(schema, "columns") if isinstance(one, Mapping))
    found = {one.get("field_name") for one in columns if one.get("pandas_type") == "categorical"}
    return [one.name for one in schema if one.name in found or pa.types.is_dictionary(one.type)]


def _said(schema: Any, key: str) -> Iterator[Any]:
    try:
        about = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
        yield from about[key]
    except (ValueError, KeyError, TypeError):  # nothing, or written by somebody else
        return


def left_out(index: Collection[str]) -> str:
    """Return what a person has to know of index columns that are not used."""
    if not index:
        return ""
    names = ", ".join(map(repr, index))
    line = " and ".join(f"{json.dumps(name, ensure_ascii=False)} = {{}}" for name in index)
    return (
        f"the index that pandas has left in the file, {names}, is not used: to use it as a column,"
        f" write {line} in [data.columns]"
    )
