"""What a step costs that does next to nothing, as a user's command has it, and what stays of it.

The command starts, reads the experiment, runs, prints, ends; then the same again with nothing
changed, and what looks at the run. Each time counts from start to exit of the process.

.venv/bin/python benchmarks/trivial.py [--counts 200,1000,5000] [--runs 3]
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import peers
import timing

from concrete_cli import config
from concrete_cli.workflows.own import own

SCRIPT = """\
import sys
open(sys.argv[sys.argv.index("--out") + 1] + "/f", "w").write(sys.argv[sys.argv.index("--x") + 1])
"""
LOOKS = (("run", "-q"), ("plan",), ("show",), ("report", "--output", "report.html"))


def experiment(count: int, folder: Path) -> Path:
    """Write an experiment of so many steps, every second one after the one before it."""
    (folder / "trivial.py").write_text(SCRIPT)
    tables = ['[experiment]\nname = "trivial"\n']
    for number in range(count):
        reads = f'inputs = {{ data = "s{number - 1}.out" }}\n' if number % 2 else ""
        tables.append(
            f'[pipeline.steps.s{number}]\nscript = "trivial.py"\noutputs = ["out"]\n'
            f"params = {{ x = {number} }}\n{reads}"
        )
    file = folder / "concrete.toml"
    file.write_text("\n".join(tables))
    return file


def measure(count: int, runs: int) -> list[float]:
    """Return median seconds of the run from nothing, of make, and of each look afterwards."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chart = own(config.load(experiment(count, folder)))

        def forget(what: str) -> None:
            shutil.rmtree(folder / what, ignore_errors=True)

        fresh = timing.Contestant(
            "concrete", [timing.CONCRETE, "run", "-q"], folder, lambda: forget(".concrete")
        )
        make = timing.Contestant("make", peers.make(chart, folder), folder, lambda: forget("out"))
        timing.alternate([fresh, make], runs)
        looks = [timing.Contestant(look[0], [timing.CONCRETE, *look], folder) for look in LOOKS]
        timing.alternate(looks, runs)
        return [one.median for one in (fresh, make, *looks)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", default="200,1000,5000")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    names = ["run again s", *(f"{look[0]} s" for look in LOOKS[1:])]
    print(f"trivial steps; {timing.machine()}\n")
    print(f"| steps | concrete ms per step | make -j2 ms per step | {' | '.join(names)} |")
    print("|--:" * (3 + len(names)) + "|")
    for count in map(int, arguments.counts.split(",")):
        fresh, make, *looks = measure(count, arguments.runs)
        each = " | ".join(f"{seconds / count * 1000:.1f}" for seconds in (fresh, make))
        print(f"| {count} | {each} | {' | '.join(f'{seconds:.2f}' for seconds in looks)} |")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
