"""Timing commands side by side: alternating runs, medians, ratios, and a table to commit."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONCRETE = str(Path(sys.executable).with_name("concrete"))


@dataclass
class Contestant:
    """A command that is timed; `before` brings back the state in which each run begins."""

    name: str
    command: Sequence[str]
    cwd: Path
    before: Callable[[], None] = lambda: None
    seconds: list[float] = field(default_factory=list)

    def run(self) -> float:
        """Run once; return wall seconds. A command that fails ends the benchmark with its words."""
        self.before()
        begin = time.perf_counter()
        done = subprocess.run(
            self.command, cwd=self.cwd, env=environment(), capture_output=True, check=False
        )
        seconds = time.perf_counter() - begin
        if done.returncode:
            sys.exit(f"{self.name}: exit {done.returncode}\n{(done.stdout + done.stderr).decode()}")
        return seconds

    @property
    def median(self) -> float:
        """Median wall seconds."""
        return statistics.median(self.seconds)


def alternate(contestants: Sequence[Contestant], runs: int, warmups: int = 1) -> None:
    """Run all in turn, again and again, so that a drifting machine is unfair to none."""
    for turn in range(warmups + runs):
        for contestant in contestants:
            seconds = contestant.run()
            if turn >= warmups:
                contestant.seconds.append(seconds)


def environment() -> Mapping[str, str]:
    """Return an environment in which libraries start one thread, for all contestants alike."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONCRETE")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | dict.fromkeys(names, "1")


def venv(folder: Path, *packages: str) -> Path:
    """Make an environment with exactly these packages, once; return its bin folder."""
    done = folder / ".done"
    if not done.is_file() or done.read_text() != "\n".join(packages):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *packages]
        subprocess.run(pip, check=True)
        done.write_text("\n".join(packages))
    return folder / "bin"


def table(title: str, contestants: Sequence[Contestant], base: Contestant) -> str:
    """Return a Markdown table of medians, spreads and ratios to one of the contestants."""
    lines = [
        f"### {title}",
        "",
        f"| | median s | min | max | x {base.name} |",
        "|---|--:|--:|--:|--:|",
    ]
    for one in contestants:
        ratio = one.median / base.median
        low, high = min(one.seconds), max(one.seconds)
        lines.append(f"| {one.name} | {one.median:.2f} | {low:.2f} | {high:.2f} | {ratio:.2f} |")
    return "\n".join([*lines, ""])


def machine() -> str:
    """Return date, machine and Python, as a line of Markdown."""
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    cores = len(os.sched_getaffinity(0))
    return f"{day}, {cores} processors, {platform.machine()}, Python {platform.python_version()}"
