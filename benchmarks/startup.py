"""How long the commands take that start nothing.

.venv/bin/python benchmarks/startup.py [--runs 11]
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import timing
from timing import CONCRETE, ROOT, Contestant


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    arguments = parser.parse_args()
    quick = str(ROOT / "configs" / "quick.toml")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = ["--home", str(folder / "home")]
        subprocess.run(
            [CONCRETE, "train", quick, "-q", *home], check=True, stdout=subprocess.DEVNULL
        )
        commands = {
            "python -c pass": ["python3", "-c", "pass"],
            "--version": [CONCRETE, "--version"],
            "--help": [CONCRETE, "--help"],
            "check": [CONCRETE, "check", quick],
            "plan": [CONCRETE, "plan", quick, *home],
            "train, nothing changed": [CONCRETE, "train", quick, "-q", *home],
        }
        contestants = [Contestant(name, command, folder) for name, command in commands.items()]
        timing.alternate(contestants, arguments.runs)
        print(f"{timing.machine()}\n\n{timing.table('Start', contestants, contestants[0])}")


if __name__ == "__main__":
    main()
