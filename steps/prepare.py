"""Read, check and profile the data; leave it as Parquet.

Rows are counted from 1, the header not among them.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet

import _classes
import _times
from _checks import check
from _columns import Wanted, typed
from _keys import comparable, notice, written_keys
from _pandas import index_columns, left_out
from _profile import profile
from _step import arguments, json_value, report, run, write_json
from _table import Reading, read_table, reading
from _words import SHOWN


def parser() -> argparse.ArgumentParser:
    """Return the arguments of this step."""
    it = arguments(__doc__)
    it.add_argument("--target", required=True, help="the column to predict")
    it.add_argument("--drop", type=json_value, default=[], help="columns that are no features")
    it.add_argument("--categorical", type=json_value, default=[], help="numbers that are names")
    it.add_argument("--columns", type=json_value, default={}, help="checks of single columns")
    it.add_argument("--features", type=json_value, default={}, help="name -> expression")
    it.add_argument("--units", type=json_value, default={}, help="column -> unit")
    it.add_argument("--group-by", type=json_value, default=[], help="columns that make a group")
    it.add_argument("--stratify-by", default="", help="the column of the strata")
    it.add_argument("--missing-target", choices=("refuse", "drop"), default="refuse")
    it.add_argument("--reading", type=json_value, default={}, help="how the file is written")
    it.add_argument("--source", type=Path, required=True, help="a CSV or Parquet file")
    it.add_argument("--data", type=Path, required=True, help="output: data, profile, keys")
    return it


def how_written(args: argparse.Namespace) -> Reading:
    """Return what the experiment says of how its data is written."""
    choices = {
        name: frozenset(map(str, rules["choices"]))
        for name, rules in args.columns.items()
        if rules.get("choices")
    }
    return reading(args.reading, text=frozenset(args.categorical), choices=choices)


def wanted_by(args: argparse.Namespace) -> Wanted:
    """Return what the experiment says of its columns."""
    return Wanted(
        source=args.source,
        target=args.target,
        drop=args.drop,
        categorical=args.categorical,
        checks=args.columns,
        features=args.features,
        units=args.units,
        group_by=args.group_by,
        stratify_by=args.stratify_by,
        given=how_written(args).given,
    )


def summary(facts: Mapping[str, Any]) -> str:
    """Return what is in the data in one line."""
    counts = (
        (facts["rows"], "row"),
        (len(facts["columns"]), "column"),
        (facts["duplicates"], "duplicate row"),
        (facts["missing"], "missing value"),
        (len(facts["warnings"]), "warning"),
    )
    words = (f"{number} {noun if number == 1 else noun + 's'}" for number, noun in counts)
    return f"{facts['source']}: {', '.join(words)}"


def _without_target(target: str, lost: Any) -> str:
    rows = np.flatnonzero(lost) + 1
    shown = ", ".join(map(str, rows[:SHOWN])) + (", ..." if len(rows) > SHOWN else "")
    have, left = ("row has", "is") if len(rows) == 1 else ("rows have", "are")
    return f"{len(rows)} of {len(lost)} {have} no {target!r} and {left} left out: {shown}"


def main(args: argparse.Namespace) -> None:
    """Write data.parquet, keys.parquet of what makes a group, profile.json, metrics.json."""
    wanted = wanted_by(args)
    read = read_table(args.source, how_written(args))
    index = [name for name in index_columns(read.table.schema) if name not in wanted.named]
    read = replace(read, table=read.table.drop_columns(index))
    times = [name for name in read.table.column_names if _times.is_times(name, read.table[name])]
    written = written_keys(read, wanted)
    table, columns, notes = typed(read, wanted)
    keys = comparable(written, table) if written.num_columns else None
    lost = np.asarray(pc.is_null(table[args.target], nan_is_null=True))
    wanted = replace(wanted, rows=np.arange(1, len(lost) + 1))
    if args.missing_target == "drop" and lost.any():
        wanted = replace(wanted, rows=np.flatnonzero(~lost) + 1)
        table, keys = table.filter(~lost), keys.filter(~lost) if keys else None
    check(table, columns, wanted)
    facts = profile(table, columns, wanted)
    target = pc.unique(table[args.target]).to_pylist()
    notices = (
        left_out(index),
        _without_target(args.target, lost) if lost.any() else "",
        _classes.notice(args.target, sorted(target)[: _classes.MOST + 1], table.num_rows),
        _times.notice(times),
        notice(keys, wanted.rows) if keys else "",
    )
    facts["notices"] = [one for one in notices if one]
    if lost.any():
        facts["left_out"] = int(lost.sum())
    facts["warnings"] = read.notes + notes + facts["warnings"]
    if read.dialect:
        facts["dialect"] = read.dialect
    if args.reading:
        facts["reading"] = args.reading
    print(summary(facts))
    for warning in [*facts["notices"], *facts["warnings"]]:
        print("warning:", warning)
    pyarrow.parquet.write_table(table, args.data / "data.parquet", compression="zstd")
    if keys:
        pyarrow.parquet.write_table(keys, args.data / "keys.parquet", compression="zstd")
    write_json(args.data / "profile.json", facts)
    counts = {name: facts[name] for name in ("rows", "duplicates", "missing")}
    report({**counts, "columns": len(columns), "warnings": len(facts["warnings"])}, args.data)


if __name__ == "__main__":
    run(parser, main)
