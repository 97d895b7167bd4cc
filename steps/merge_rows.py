"""Put the predictions of several parts together, in order."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import pyarrow.parquet

from _answers import writer
from _step import arguments, read_json, report, run


def parser() -> argparse.ArgumentParser:
    """Return the arguments of this step."""
    it = arguments(__doc__)
    it.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    it.add_argument("--parts", type=Path, nargs="+", required=True, help="what the parts left")
    it.add_argument("--predictions", type=Path, required=True, help="output: predictions.FORMAT")
    return it


def main(args: argparse.Namespace) -> None:
    """Write predictions.parquet or .csv, metrics.json."""
    name = f"predictions.{args.format}"
    files = [folder / name for folder in args.parts]
    into = args.predictions / name
    if args.format == "csv":
        with into.open("wb") as out:
            for file in files:
                with file.open("rb") as part:
                    shutil.copyfileobj(part, out, 1 << 20)
    else:
        _merge(files, into)
    facts = [read_json(folder / "metrics.json") for folder in args.parts]
    odd: dict[str, int] = {}
    for fact in facts:
        for column, count in fact["odd"].items():
            odd[column] = odd.get(column, 0) + count
    sums = {key: sum(fact[key] for fact in facts) for key in ("rows", "warned")}
    longest = max(fact["seconds"] for fact in facts)
    report({**sums, "seconds": longest, "odd": odd}, args.predictions)


def _merge(files: list[Path], into: Path) -> None:
    parts = [pyarrow.parquet.ParquetFile(file, buffer_size=1 << 20) for file in files]
    full = [part for part in parts if part.metadata.num_rows] or parts[:1]
    schema = full[0].schema_arrow
    with writer(into, schema) as out:
        for part in full:
            for number in range(part.num_row_groups):
                out.write_table(part.read_row_group(number, use_threads=False))


if __name__ == "__main__":
    run(parser, main)
