"""What a step costs that does next to nothing, and whether the cost stays the same.

.venv/bin/python benchmarks/trivial.py [--counts 50,200,1000] [--peers make]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import peers
import timing

from concrete_cli import backend, home, runs
from concrete_cli.backend import Options
from concrete_cli.plan import Output, Plan, Step

SCRIPT = """\
import sys
open(sys.argv[sys.argv.index("--out") + 1] + "/f", "w").write(sys.argv[sys.argv.index("--x") + 1])
"""


def plan(count: int, script: Path) -> Plan:
    """Return a plan of so many steps, every second one after the one before it."""
    steps = []
    for number in range(count):
        inputs = {"data": Output(f"s{number - 1}", "out")} if number % 2 else {}
        output = (Output(f"s{number}", "out"),)
        steps.append(Step(f"s{number}", str(script), inputs, output, {"x": number}))
    return Plan("trivial", tuple(steps))


def ours(count: int) -> float:
    """Return wall seconds of a run from nothing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "trivial.py").write_text(SCRIPT)
        place = home.prepare(folder / "home")
        chart = plan(count, folder / "trivial.py")
        run = runs.Runs(place).create(chart, experiment="", options=Options(), facts={})
        local = backend.load("local", place)
        begin = time.perf_counter()
        for _ in local.watch(local.submit(chart, run.folder, Options())):
            pass
        return time.perf_counter() - begin


def theirs(count: int, peer: str) -> float:
    """Return wall seconds of another tool on the same steps."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "trivial.py").write_text(SCRIPT)
        command = getattr(peers, peer)(plan(count, folder / "trivial.py"), folder)
        begin = time.perf_counter()
        subprocess.run(command, cwd=folder, check=True, env=timing.environment())
        return time.perf_counter() - begin


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", default="50,200,1000")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    print(f"trivial steps; {timing.machine()}\n")
    print("| steps | concrete ms per step | make -j2 ms per step |\n|--:|--:|--:|")
    for count in map(int, arguments.counts.split(",")):
        times = [(ours(count), theirs(count, "make")) for _ in range(arguments.runs)]
        each = [statistics.median(column) / count * 1000 for column in zip(*times, strict=True)]
        print(f"| {count} | {each[0]:.1f} | {each[1]:.1f} |")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
