"""Predict the rows of a table, or one part of several, in their order, with little memory."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import _stream
from _answers import CsvWriter
from _answers import writer as writer_of_parquet
from _bundle import load_bundle
from _intervals import interval
from _kept import Kept
from _rows import Rows, check_columns, types
from _scoring import estimators
from _step import Refused, arguments, cpus, json_value, limit_threads, report, run

NAMES = ("prediction", "lower", "upper", "warnings")
OFTEN = 2.0  # seconds between lines of progress


def parser() -> argparse.ArgumentParser:
    """Return the arguments of this step."""
    it = arguments(__doc__)
    it.add_argument("--part", type=int, default=0, help="which part of the rows, from 0")
    it.add_argument("--parts", type=int, default=1, help="in how many parts they are")
    it.add_argument("--keep", type=json_value, default=[], help="columns to carry over")
    it.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    it.add_argument("--model", type=Path, required=True, help="the folder of a model")
    it.add_argument("--data", type=Path, required=True, help="a CSV or Parquet file")
    it.add_argument("--predictions", type=Path, required=True, help="output: predictions.FORMAT")
    return it


def main(args: argparse.Namespace) -> None:
    """Write predictions.parquet or .csv: kept columns, prediction, lower, upper, warnings."""
    begin = time.perf_counter()
    pipeline, manifest = load_bundle(args.model)
    limit_threads()
    for estimator in estimators(pipeline):
        if "n_jobs" in estimator.get_params(deep=False):
            estimator.set_params(n_jobs=cpus())
    with _stream.opened(args.data, manifest["signature"]) as table:
        facts = _score(table, pipeline, manifest, args, begin)
    report({**facts, "seconds": time.perf_counter() - begin}, args.predictions)


def _score(
    table: Any, pipeline: Any, manifest: dict[str, Any], args: argparse.Namespace, begin: float
) -> dict[str, Any]:
    signature = manifest["signature"]
    known = [*(one["name"] for one in signature["columns"]), *args.keep]
    names = [name for name in table.names if name not in table.index or name in known]
    check_columns(names, signature, args.keep, args.data)
    _check_kept(args.keep)
    rows = Rows(signature)
    seen = [one["name"] for one in signature["columns"]]
    keep = Kept(table, args.keep, seen, csv=args.format == "csv")
    wanted = [*dict.fromkeys([*seen, *args.keep])]
    read = table.batches(wanted, types(signature), args.part, args.parts, exact=keep.exact)
    path = args.predictions / f"predictions.{args.format}"
    writer: Any = None
    count = warned = 0
    told = begin
    for batch in read:
        columns, warnings = rows.read(batch)
        predicted = _predict(pipeline, columns, count)
        ends = interval(manifest["interval"], predicted)
        kept = [keep.column(batch, name) for name in args.keep]
        made = [pa.array(values) for values in (predicted, *ends)]
        made.append(pa.array(warnings, pa.string()))
        out = pa.table([*kept, *made], [*args.keep, *NAMES])
        writer = writer or _writer(path, out.schema, args)
        writer.write_table(out)
        count += batch.num_rows
        warned += int(np.count_nonzero(warnings != np.array(None)))
        if time.perf_counter() - told > OFTEN:
            told = time.perf_counter()
            print(f"progress: {count} rows, {count / (told - begin):.0f} a second", flush=True)
    if writer is None:
        schema = pa.schema([*((name, pa.string()) for name in args.keep), *_plain_fields()])
        writer = _writer(path, schema, args)
    writer.close()
    return {"rows": count, "warned": warned, "odd": rows.odd}


def _plain_fields() -> list[tuple[str, Any]]:
    return [(name, pa.string() if name == "warnings" else pa.float64()) for name in NAMES]


def _check_kept(keep: list[str]) -> None:
    for name in keep:
        if name in NAMES:
            raise Refused(f"column {name!r} cannot be kept: the predictions have one of that name")


def _predict(pipeline: Any, columns: dict[str, Any], before: int) -> Any:
    with np.errstate(all="ignore"):
        try:
            predicted = np.asarray(pipeline.predict(columns), dtype=np.float64)
        except ValueError as error:
            raise Refused(f"the model cannot answer rows from {before + 1} on: {error}") from error
    predicted[~np.isfinite(predicted)] = np.nan
    return predicted


def _writer(path: Path, schema: Any, args: argparse.Namespace) -> Any:
    if args.format == "parquet":
        return writer_of_parquet(path, schema)
    return CsvWriter(path, schema, header=args.part == 0)


if __name__ == "__main__":
    run(parser, main)
