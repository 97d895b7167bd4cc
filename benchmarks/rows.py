"""How seconds and memory grow with the number of rows: three boosters on made-up data.

.venv/bin/python benchmarks/rows.py [--rows 10000,100000,1000000]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import timing
from timing import CONCRETE

EXPERIMENT = """
[experiment]
name = "rows"
[data]
source = "rows.parquet"
target = "y"
[train.candidates]
hist_gradient_boosting = { model = "hist_gradient_boosting" }
xgboost = { model = "xgboost" }
lightgbm = { model = "lightgbm" }
"""
COLUMNS = 8


def write(folder: Path, rows: int) -> Path:
    """Write an experiment with so many rows of made-up data; return its file."""
    draw = np.random.default_rng(0)
    columns = {f"x{number}": draw.random(rows) for number in range(COLUMNS)}
    noise = draw.normal(0, 0.1, rows)
    frame = pd.DataFrame(columns)
    frame["y"] = frame.x0 * 4 + np.sin(6 * frame.x1) + frame.x2 * frame.x3 + noise
    frame.to_parquet(folder / "rows.parquet", index=False)
    (folder / "concrete.toml").write_text(EXPERIMENT)
    return folder / "concrete.toml"


def peaks(run: Path) -> dict[str, tuple[float, int]]:
    """Return seconds and peak bytes of each step."""
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    done = [event for event in events if event["state"] == "done"]
    return {event["step"]: (event["seconds"], event["facts"]["memory"]) for event in done}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="10000,100000,1000000")
    counts = [int(count) for count in parser.parse_args().rows.split(",")]
    print(f"{COLUMNS} columns; {timing.machine()}\n")
    print("| rows | step | seconds | s per million rows | peak MB |\n|--:|---|--:|--:|--:|")
    for rows in counts:
        with tempfile.TemporaryDirectory() as name:
            experiment = write(Path(name), rows)
            begin = time.perf_counter()
            done = subprocess.run(
                [CONCRETE, "train", str(experiment), "--json", "-q"],
                check=True,
                stdout=subprocess.PIPE,
            )
            total = time.perf_counter() - begin
            run = Path(json.loads(done.stdout)["paths"]["run"])
            steps = peaks(run)
            runner = json.loads((run / "run.json").read_text())["memory"]
        for step, (seconds, memory) in steps.items():
            each = seconds / rows * 1e6
            print(f"| {rows} | {step} | {seconds:.1f} | {each:.1f} | {memory / 1e6:.0f} |")
        each = total / rows * 1e6
        print(f"| {rows} | all | {total:.1f} | {each:.1f} | {runner / 1e6:.0f} (runner) |")


if __name__ == "__main__":
    main()
