"""`concrete score` on many rows, in one part and in two: rows per second, memory, the ratio.

    python benchmarks/score.py [--rows 10000000] [--candidates ridge,xgboost] [--format parquet]

The wall seconds are those of the whole command; its processor seconds tell what a machine with
other work on it cannot spoil: what is done once, and what is done in parts.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import timing
from rows import peaks
from serving_tools import trained

BLOCK = 1_000_000


def write(path: Path, rows: int, columns: list[dict]) -> None:
    """Write rows between the smallest and the largest values that the model has seen."""
    draw = np.random.default_rng(0)
    schema = pa.schema([(one["name"], pa.float64()) for one in columns])
    is_csv = path.suffix == ".csv"
    writer = (pa.csv.CSVWriter if is_csv else pa.parquet.ParquetWriter)(path, schema)
    for begin in range(0, rows, BLOCK):
        size = min(BLOCK, rows - begin)
        made = [np.round(draw.uniform(one["min"], one["max"], size), 1) for one in columns]
        writer.write_table(pa.table(made, schema=schema))
    writer.close()


def score(experiment: Path, data: Path, shards: int) -> tuple[float, float, dict, Path]:
    """Return seconds, processor seconds, seconds and peak bytes of each step, the predictions."""
    out = data.with_name(f"out-{shards}{data.suffix}")
    command = [timing.CONCRETE, "score", str(experiment), "--model", "run:latest", "--json", "-q"]
    options = ["--data", str(data), "--out", str(out), "--shards", str(shards), "--no-reuse"]
    before, begin = _used(), time.perf_counter()
    done = subprocess.run([*command, *options], check=True, stdout=subprocess.PIPE)
    seconds = time.perf_counter() - begin
    run = experiment.parent / ".concrete" / "runs" / json.loads(done.stdout)["run"]
    return seconds, _used() - before, peaks(run), out


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=float, default=1e7)
    parser.add_argument("--candidates", default="ridge,xgboost")
    parser.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    args = parser.parse_args()
    rows = int(args.rows)
    print(f"{rows} rows, {args.format}; {timing.machine()}\n")
    print(
        "| model | parts | seconds | rows/s | to one part | CPU s | once, s | peak MB of a step |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for candidate in args.candidates.split(","):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            experiment, document = trained(candidate, folder)
            manifest = Path(document["paths"]["model"]) / "manifest.json"
            data = folder / f"data.{args.format}"
            write(data, rows, json.loads(manifest.read_text())["signature"]["columns"])
            one = score(experiment, data, 1)
            two = score(experiment, data, 2)
            if one[3].read_bytes() != two[3].read_bytes() and args.format == "csv":
                raise SystemExit("the predictions differ")
        for parts, (seconds, cpu, steps, _) in ((1, one), (2, two)):
            longest = max(took for step, (took, _) in steps.items() if step != "merge")
            cells = [
                candidate,
                str(parts),
                f"{seconds:.1f}",
                f"{rows / seconds:,.0f}",
                f"{one[0] / seconds:.2f} x",
                f"{cpu:.1f}",
                f"{seconds - longest:.1f}",
                f"{max(memory for _, memory in steps.values()) / 1e6:.0f}",
            ]
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
