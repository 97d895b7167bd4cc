"""How good the selected candidate is: over split seeds, by mix and on plain random splits.

    .venv/bin/python benchmarks/accuracy.py [--seeds 0,1,2,3,4]

Nothing here is chosen by test rows: the candidate is selected by its cross-validated score.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
import time

import timing
from timing import CONCRETE, ROOT

PLAIN = ("split.group_by=[]", "split.test_fraction=0.1")


def train(home: str, *sets: str) -> dict[str, object]:
    """Return the document of a run of the full experiment."""
    command = [CONCRETE, "train", str(ROOT / "configs" / "concrete.toml"), "--json", "-q"]
    changes = [word for change in sets for word in ("--set", change)]
    done = subprocess.run([*command, *changes, "--home", home], check=True, stdout=subprocess.PIPE)
    return dict(json.loads(done.stdout))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0,1,2,3,4")
    seeds = [int(seed) for seed in parser.parse_args().seeds.split(",")]
    print(f"configs/concrete.toml, RMSE in MPa; {timing.machine()}\n")
    print("| split | seed | selected | CV RMSE | test RMSE | coverage | seconds |")
    print("|---|--:|---|--:|--:|--:|--:|")
    for title, sets in (("by mix", ()), ("random 90/10", PLAIN)):
        scores = []
        for seed in seeds:
            with tempfile.TemporaryDirectory() as home:
                begin = time.perf_counter()
                found = train(home, f"experiment.seed={seed}", *sets)
                seconds = time.perf_counter() - begin
            selected, test = found["selected"], found["test"]
            scores.append((selected["cv"]["rmse"], test["rmse"]))  # type: ignore[index]
            row = [title, seed, selected["candidate"], f"{scores[-1][0]:.3f}"]  # type: ignore[index]
            row += [f"{scores[-1][1]:.3f}", f"{test['coverage']:.3f}", f"{seconds:.0f}"]  # type: ignore[index]
            print("| " + " | ".join(map(str, row)) + " |", flush=True)
        means = [statistics.mean(column) for column in zip(*scores, strict=True)]
        print(f"| {title} | mean | | {means[0]:.3f} | {means[1]:.3f} | | |", flush=True)


if __name__ == "__main__":
    main()
