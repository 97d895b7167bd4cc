"""Describe the columns of a data file, for the experiment that `concrete init` writes.

What looks of no use for a prediction (an identifier, a date, a column of one value) gets a reason
to leave it out; nothing is decided here.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from _step import arguments, run, write_json
from _table import read_table

LEVELS = 20  # so many are listed
MOST_LEVELS = 250  # of one column, the most frequent ones, is what a model uses
MOSTLY = 0.5
LEAD = 0.2  # by so much one column has to stand out
FEWEST, MOST_COLUMNS = 4, 40  # columns among which repetition tells something, and is quick to see
NUMBERED = re.compile(r"(^|[^a-z])(id|index|key|no|nr|number|row)s?$|^unnamed", re.IGNORECASE)
CODE = r"^\s*0\d+\s*$"
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


def parser() -> argparse.ArgumentParser:
    """Return the arguments of this script."""
    it = arguments(__doc__)
    it.add_argument("--target", default="", help="the column to predict")
    it.add_argument("--source", type=Path, required=True, help="a CSV or Parquet file")
    it.add_argument("--description", type=Path, required=True, help="output: description.json")
    return it


def main(args: argparse.Namespace) -> None:
    """Write description.json: rows, notes, and of each column what is in it."""
    table, notes = read_table(args.source, ())
    table = _with_codes(table, args)
    names = table.column_names
    columns = [_column(name, table[name], codes=name != args.target) for name in names]
    notes += [f"{one['name']} {_infinite(one['infinite'])}" for one in columns if one["infinite"]]
    found = {"rows": table.num_rows, "notes": notes, "columns": columns}
    found["repeats"] = _repeats(table, columns, args.target)
    write_json(args.description / "description.json", found)


def _with_codes(table: pa.Table, args: argparse.Namespace) -> pa.Table:
    """Return the table with whole numbers as a CSV file has them where one begins with a zero."""
    kinds = zip(table.column_names, table.schema.types, strict=True)
    whole = [name for name, kind in kinds if pa.types.is_integer(kind) and name != args.target]
    written, _ = read_table(args.source, whole) if whole else (table, [])
    for name in whole:
        if pa.types.is_string(written[name].type) and _code(written[name]):
            table = table.set_column(table.column_names.index(name), name, written[name])
    return table


def _code(text: Any) -> str | None:
    """Return a text of digits that begins with a zero, such as 007; None where there is none."""
    padded = pc.fill_null(pc.match_substring_regex(text, CODE), False)  # noqa: FBT003  pyarrow
    index = pc.index(padded, True).as_py()
    return None if index < 0 else str(text[index].as_py()).strip()


def _column(name: str, array: Any, *, codes: bool) -> dict[str, Any]:
    if pa.types.is_dictionary(array.type):
        array = pc.cast(array, array.type.value_type)
    facts: dict[str, Any] = {
        "name": name,
        "leave_out": None,
        "note": None,
        "mixed": False,
        "infinite": 0,
    }
    facts |= {"missing": array.null_count} | _typed(array, codes=codes)
    if facts["distinct"] == 0:
        return facts | {"leave_out": "it has no values"}
    if facts["kind"] == "other":
        return facts | {"leave_out": f"it holds {_noun(array.type)}"}
    if facts["distinct"] == 1 and array.null_count == 0:
        return facts | {"leave_out": "it has one value"}
    why = _identifier(facts, array)
    if why and facts["mixed"]:
        why = f"{facts['note']}: correct them to use it"
    return facts | {"leave_out": why}


def _infinite(count: int) -> str:
    if count == 1:
        return "is infinite in 1 row: correct it or leave it empty"
    return f"is infinite in {count} rows: correct them or leave them empty"


def _noun(kind: Any) -> str:
    if pa.types.is_date(kind):
        return "dates"
    if pa.types.is_temporal(kind):
        return "times"
    return str(kind)


def _typed(array: Any, *, codes: bool) -> dict[str, Any]:
    kind = array.type
    if pa.types.is_boolean(kind):
        return {"kind": "boolean", "distinct": _distinct(array)}
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _number(array)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _text(pc.cast(array, pa.string()), codes=codes)
    return {"kind": "other", "distinct": len(array) - array.null_count}


def _number(array: Any) -> dict[str, Any]:
    whole, infinite = pa.types.is_integer(array.type), 0
    values = pc.cast(array, pa.float64()) if not whole else array
    if not whole:
        infinite = pc.sum(pc.is_inf(values)).as_py() or 0
        values = pc.if_else(pc.is_finite(values), values, None)
        whole = bool(pc.all(pc.equal(values, pc.round(values))).as_py())
    ends = pc.min_max(values).as_py()
    facts = {"kind": "number", "whole": whole, "distinct": _distinct(values)}
    facts |= {"min": ends["min"], "max": ends["max"], "infinite": infinite}
    return facts | {"missing": values.null_count - infinite}


def _text(array: Any, *, codes: bool) -> dict[str, Any]:
    trimmed = pc.utf8_trim_whitespace(array)
    number = pc.fill_null(pc.match_substring_regex(trimmed, NUMBER), False)  # noqa: FBT003  pyarrow
    values = len(array) - array.null_count
    share = pc.sum(number).as_py() / max(values, 1)
    code = _code(array) if codes else None
    if share == 1 and not code:
        return _number(pc.cast(trimmed, pa.float64()))
    counts = sorted(
        ((one["counts"], one["values"]) for one in pc.value_counts(array).to_pylist()),
        key=lambda pair: (-pair[0], str(pair[1])),
    )
    levels = [text for _, text in counts if text is not None]
    facts = {"kind": "category", "distinct": len(levels), "levels": levels[:LEVELS]}
    if share == 1:
        return facts | {"note": f"{code!r} begins with a zero"}
    if share >= MOSTLY:
        return facts | {
            "note": _mixed(pc.drop_null(array.filter(pc.invert(number)))),
            "mixed": True,
        }
    return facts


def _mixed(words: Any) -> str:
    like = " and the like" if _distinct(words) > 1 else ""
    rows = "1 row" if len(words) == 1 else f"{len(words)} rows"
    return f"numbers, but for {words[0].as_py()!r}{like} in {rows}"


def _identifier(facts: dict[str, Any], array: Any) -> str | None:
    """Say why a column seems to number or name the rows; nothing if it does not."""
    rows, distinct = len(array), facts["distinct"]
    if facts["kind"] == "category":
        if distinct == rows > LEVELS:
            return "every row has a value of its own"
        share = 0.05 if distinct > MOST_LEVELS else 0.5
        many = distinct > LEVELS and distinct > share * rows
        return f"it has {distinct} levels in {rows} rows" if many else None
    if facts["kind"] == "number" and facts["whole"] and distinct == rows and rows > 1:
        likely = facts["min"] in {0, 1} or NUMBERED.search(facts["name"])  # a year is no number
        counts_up = likely and facts["max"] - facts["min"] == rows - 1
        ordered = pc.all(pc.greater(array[1:], array[:-1])).as_py() if counts_up else False
        return "it numbers the rows" if ordered else None
    return None


def _repeats(table: pa.Table, columns: list[dict[str, Any]], target: str) -> dict[str, Any] | None:
    """Say whether most rows are there again but for one column: a thing measured several times."""
    kept = [one["name"] for one in columns if not one["leave_out"] and one["name"] != target]
    if not FEWEST <= len(kept) <= MOST_COLUMNS:
        return None
    shares = {
        name: 1
        - table.group_by([one for one in kept if one != name]).aggregate([]).num_rows
        / table.num_rows
        for name in kept
    }
    name = max(shares, key=lambda one: shares[one])
    everything = 1 - table.group_by(kept).aggregate([]).num_rows / table.num_rows
    others = sorted(shares.values())[-2]
    telling = shares[name] >= MOSTLY and shares[name] > others + LEAD and everything < MOSTLY
    return {"column": name, "share": shares[name]} if telling else None


def _distinct(array: Any) -> int:
    return int(pc.count_distinct(array).as_py())


if __name__ == "__main__":
    run(parser, main)
