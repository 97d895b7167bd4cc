"""What the two SDKs of Azure ML cost beside their own import: dry run, submission, resubmission.

.venv/bin/python benchmarks/azure.py [--runs 5] [--sdk azureml] [--sdk azureml-v2]

Needs .venv-azureml and .venv-azureml-v2, which `make test` makes. The workspace is emulated by
another process, in which steps do nothing: what is timed is the client. Processor time is told
beside wall time, since it suffers less from what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import timing
from timing import ROOT

SDKS = {
    "azureml": "import azureml.core, azureml.pipeline.core, azureml.pipeline.steps",
    "azureml-v2": "from azure.ai.ml import MLClient, entities",
}
EMULATOR = Path(__file__).with_name("azure_emulator.py")
QUICK = ROOT / "configs" / "quick.toml"


@dataclass
class Measured:
    """A command, and what it took each time: seconds, processor seconds, MB at most."""

    name: str
    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> str:
        """Run it once; return its stdout. A command that fails ends the benchmark."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            begin = time.perf_counter()
            process = subprocess.Popen(command, env=environment, stdout=out, stderr=err)
            _, status, used = os.wait4(process.pid, 0)
            self.seconds.append(time.perf_counter() - begin)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.processor.append(used.ru_utime + used.ru_stime)
            self.memory.append(used.ru_maxrss / 1024)
            out.seek(0)
            err.seek(0)
            if process.returncode:
                sys.exit(f"{self.name}: {process.returncode}\n{err.read().decode()}")
            return out.read().decode()

    def row(self, base: Measured) -> str:
        """Return a line of the table: medians, and what they are of the import's."""
        wall, cpu = statistics.median(self.seconds), statistics.median(self.processor)
        of_wall, of_cpu = statistics.median(base.seconds), statistics.median(base.processor)
        return (
            f"| {self.name} | {wall:.2f} | {cpu:.2f} | {wall / of_wall:.2f} | {cpu / of_cpu:.2f} "
            f"| {wall - of_wall:+.2f} | {cpu - of_cpu:+.2f} | {max(self.memory):.0f} |"
        )


class Workspace:
    """An emulated workspace, and the experiment that runs there."""

    def __init__(self, sdk: str, folder: Path) -> None:
        self.sdk, self.folder = sdk, folder
        self.bin = ROOT / f".venv-{sdk}" / "bin"
        folder.mkdir()
        self.process = subprocess.Popen(
            [str(self.bin / "python"), str(EMULATOR), sdk, str(folder / "azure")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        facts = json.loads(self._line())
        own = {"HOME": str(folder), **facts["environment"]}  # the SDK v1 remembers what it sent
        self.environment = {**timing.environment(), **own}
        self.experiment = folder / "quick.toml"
        self.experiment.write_text(
            f'extends = {{ file = "{QUICK}" }}\n[experiment]\nname = "quick"\n'
            + _table(f"backend.{sdk}", facts["table"])
        )

    def ask(self, word: str) -> str:
        """Return what the emulator says."""
        assert self.process.stdin
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return self._line().strip()

    def train(self, *words: str) -> list[str]:
        """Return a command."""
        home = ("--home", str(self.folder / "home"))
        where = (str(self.experiment), "--backend", self.sdk, "--json")
        return [str(self.bin / "concrete"), "train", *where, *home, *words]

    def close(self) -> None:
        """End the emulator."""
        self.process.communicate()

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()


def _table(name: str, values: Mapping[str, Any]) -> str:
    inner = {key: value for key, value in values.items() if isinstance(value, dict)}
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in values.items() if key not in inner]
    return f"[{name}]\n{''.join(lines)}" + "".join(
        _table(f"{name}.{key}", value) for key, value in inner.items()
    )


def measure(sdk: str, runs: int, folder: Path) -> str:
    """Return the table of an SDK."""
    importing, helping, dry, first, again = map(
        Measured,
        ("import of the SDK", "--help", "--dry-run", "submit, all is new", "submit again, watched"),
    )
    found = []
    for turn in range(runs + 1):
        space = Workspace(sdk, folder / f"{sdk}-{turn}")
        python, environment = str(space.bin / "python"), space.environment
        importing.run([python, "-c", SDKS[sdk]], environment)
        helping.run([str(space.bin / "concrete"), "--help"], environment)
        dry.run(space.train("--dry-run"), environment)
        first.run(space.train("--detach"), environment)
        space.ask("wait")
        sent = int(space.ask("uploads"))
        done = json.loads(again.run(space.train(), environment))
        states = [step["state"] for step in done["steps"]]
        found.append((sent, int(space.ask("uploads")), states.count("reused"), len(states)))
        space.close()
        if not turn:  # the first one warms the disk
            for one in (importing, helping, dry, first, again):
                one.__init__(one.name)  # type: ignore[misc]
    sent, resent, reused, steps = found[-1]
    rows = [one.row(importing) for one in (importing, helping, dry, first, again)]
    return "\n".join(
        [
            f"### {sdk}",
            "",
            "| | median s | processor s | x import | x processor | s beyond | processor s | MB |",
            "|---|--:|--:|--:|--:|--:|--:|--:|",
            *rows,
            "",
            f"{steps} steps; files uploaded: {sent}, then {resent}; {reused} steps reused.",
            "",
        ]
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sdk", action="append", choices=SDKS)
    arguments = parser.parse_args()
    print(f"{timing.machine()}\n")
    with tempfile.TemporaryDirectory() as name:
        for sdk in arguments.sdk or SDKS:
            print(measure(sdk, arguments.runs, Path(name)))


if __name__ == "__main__":
    main()
