"""Describe the columns of a data file, for the experiment that `concrete init` writes.

What looks of no use for a prediction (an identifier, a date, a column of one value) gets a reason
to leave it out; nothing is decided here.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

import _classes
import _stream
import _times
from _columns import told
from _pandas import left_out
from _step import Refused, arguments, run, write_json
from _summary import Column, mostly, summarise

LEVELS = 20  # so many are listed
MOST_LEVELS = 250  # of one column, the most frequent ones, is what a model uses
MOSTLY = 0.5
LEAD = 0.2  # by so much one column has to stand out
FEWEST, MOST_COLUMNS = 4, 40  # columns among which repetition tells something, and is quick to see
NUMBERED = re.compile(r"(^|[^a-z])(id|index|key|no|nr|number|row)s?$|^unnamed", re.IGNORECASE)
MANY, SHARE = 50, 0.2  # of levels: more are worth a word


def parser() -> argparse.ArgumentParser:
    """Return the arguments of this script."""
    it = arguments(__doc__)
    it.add_argument("--target", default="", help="the column to predict")
    it.add_argument("--source", type=Path, required=True, help="a CSV or Parquet file")
    it.add_argument("--description", type=Path, required=True, help="output: description.json")
    return it


def main(args: argparse.Namespace) -> None:
    """Write description.json: rows, notes, and of each column what is in it."""
    with _stream.opened(args.source) as table:
        found, first = summarise(table, args.target)
        notes, categories = [*table.notes], table.categories
        index = [name for name in table.index if name != args.target]
    columns = [_column(one) for one in found]
    for one in columns:
        if one["name"] in categories and one["kind"] == "category" and one["digits"]:
            one["note"] = "the file says that its numbers are names"
    notes += told({one.name: one.verdict for one in found if one.verdict}, codes=False)
    notes += [f"{one['name']} {_infinite(one['infinite'])}" for one in columns if one["infinite"]]
    rows = found[0].rows
    if rows == 0:
        raise Refused(f"{args.source} has a header but no rows")
    notes += [*_many(columns, rows)]
    repeats = _repeats(first, columns, args.target)
    notices = (
        left_out(index),
        *(_few(one) for one in found if one.name == args.target),
        _times.notice([one.name for one in found if one.times]),
    )
    facts = {
        "rows": rows,
        "notices": [one for one in notices if one],
        "notes": notes,
        "columns": columns,
        "repeats": repeats,
    }
    write_json(args.description / "description.json", facts)


def _column(column: Column) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": column.name,
        "leave_out": None,
        "note": None,
        "mixed": False,
        "digits": mostly(column),
        "infinite": 0,
        "missing": column.missing,
    }
    facts |= _typed(column)
    if facts["distinct"] == 0:
        return facts | {"leave_out": "it has no values"}
    if facts["kind"] == "other":
        return facts | {"leave_out": f"it holds {_noun(column)}"}
    if column.verdict and column.verdict.kind == "refused":
        return facts | {"leave_out": f"it {column.verdict.why}"}
    if facts["distinct"] == 1 and facts["missing"] == 0:
        return facts | {"leave_out": "it has one value"}
    why = _identifier(facts, column)
    if why and facts["mixed"]:
        why = f"{facts['note']}: correct them to use it"
    return facts | {"leave_out": why}


def _few(column: Column) -> str:
    """Return a warning if the target seems to hold classes."""
    numbers = column.numbers
    if numbers is None or numbers.more:
        return ""
    return _classes.notice(column.name, [*numbers.values], column.rows - numbers.missing)


def _many(columns: list[dict[str, Any]], rows: int) -> Iterator[str]:
    """Yield a word on each column of texts that differ from row to row."""
    for one in columns:
        levels = one["distinct"]
        if (
            one["kind"] == "category"
            and not one["leave_out"]
            and (levels > MANY or levels > SHARE * rows)
        ):
            yield f"{one['name']} has {_counted(one)} different texts in {rows} rows"


def _counted(facts: dict[str, Any]) -> str:
    return f"more than {facts['distinct']}" if facts.get("more") else str(facts["distinct"])


def _infinite(count: int) -> str:
    if count == 1:
        return "is infinite in 1 row: correct it or leave it empty"
    return f"is infinite in {count} rows: correct them or leave them empty"


def _noun(column: Column) -> str:
    if column.verdict:
        return column.verdict.times
    if pa.types.is_date(column.type):
        return "dates"
    return "times" if pa.types.is_temporal(column.type) else str(column.type)


def _typed(column: Column) -> dict[str, Any]:
    numbers, verdict = column.numbers, column.verdict
    if numbers:
        facts = {"kind": "number", "whole": numbers.whole, "infinite": numbers.infinite}
        facts |= {"distinct": numbers.distinct, "more": numbers.more}
        ends = {"min": None, "max": None}
        if numbers.distinct:
            ends = {"min": numbers.values[0], "max": numbers.values[-1]}
        return facts | ends | {"missing": numbers.missing}
    ranked = sorted(column.levels.items(), key=lambda pair: (-pair[1], pair[0]))
    levels = [text for text, _ in ranked if text.strip()]
    facts = {"distinct": len(levels), "more": column.more}
    kind = column.type or pa.null()
    if pa.types.is_boolean(kind) or (verdict and verdict.kind == "boolean"):
        return facts | {"kind": "boolean"}
    if column.type is not None or (verdict and verdict.times):
        return facts | {"kind": "other"}
    facts |= {"kind": "category", "levels": levels[:LEVELS]}
    numerals = column.tally is not None and column.tally.shapes
    if numerals and verdict and (verdict.words or (column.code and mostly(column))):
        return facts | _mixed(column)
    return facts


def _mixed(column: Column) -> dict[str, Any]:
    if not column.others:
        return {"note": f"{column.code!r} begins with a zero"}
    word, count = next(iter(column.others.items())), sum(column.others.values())
    like = " and the like" if len(column.others) > 1 else ""
    rows = "1 row" if count == 1 else f"{count} rows"
    return {"note": f"numbers, but for {word[0]!r}{like} in {rows}", "mixed": True}


def _identifier(facts: dict[str, Any], column: Column) -> str | None:
    """Say why a column seems to number or name the rows; nothing if it does not."""
    rows, distinct = column.rows, facts["distinct"]
    if facts["kind"] == "category":
        if distinct == rows > LEVELS:
            return "every row has a value of its own"
        share = 0.05 if distinct > MOST_LEVELS else 0.5
        many = distinct > LEVELS and (distinct > share * rows or facts["more"])
        return f"it has {_counted(facts)} levels in {rows} rows" if many else None
    numbers = column.numbers
    if numbers and numbers.whole and not facts["missing"] and rows > 1:
        likely = facts["min"] in {0, 1} or NUMBERED.search(facts["name"])  # a year is no number
        counts_up = likely and facts["max"] - facts["min"] == rows - 1
        return "it numbers the rows" if counts_up and numbers.ascending else None
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


if __name__ == "__main__":
    run(parser, main)
