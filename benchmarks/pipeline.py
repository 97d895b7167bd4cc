"""The quick experiment here and in other tools: from nothing, unchanged, one parameter changed.

.venv/bin/python benchmarks/pipeline.py [--runs 5] [--peers make,dvc,snakemake]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from functools import partial
from pathlib import Path

import peers
import timing
from timing import CONCRETE, ROOT, Contestant

from concrete_cli import config
from concrete_cli.plan import Plan
from concrete_cli.workflows.train import train

EXPERIMENT = ROOT / "configs" / "quick.toml"
CHANGE = "train.candidates.knn.params.n_neighbors"
PACKAGES = {"dvc": "dvc==3.*", "snakemake": "snakemake==9.*"}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peers", default="make,dvc,snakemake")
    parser.add_argument("--environments", type=Path, default=ROOT / ".venv-peers")
    arguments = parser.parse_args()
    chosen = [name for name in arguments.peers.split(",") if name]
    binaries = {
        name: timing.venv(arguments.environments / name, package)
        for name, package in PACKAGES.items()
        if name in chosen
    }
    print(f"quick experiment, nine steps; {timing.machine()}\n")
    with tempfile.TemporaryDirectory() as folder:
        race = Race(Path(folder), chosen, binaries)
        print(race.from_nothing(arguments.runs))
        print(race.unchanged(arguments.runs))
        print(race.changed(arguments.runs))


class Race:
    """The contestants, each in a folder of its own."""

    def __init__(self, folder: Path, chosen: list[str], binaries: dict[str, Path]) -> None:
        self.folder = folder
        self.binaries = binaries
        self.names = ["plain", *chosen]
        for name in self.names:
            (folder / name).mkdir()

    def command(self, name: str, plan: Plan) -> list[str]:
        """Write what a peer needs into its folder; return its command."""
        write = getattr(peers, name)
        if name in self.binaries:
            write = partial(write, binaries=self.binaries[name])
        return list(write(plan, self.folder / name))

    def ours(self, name: str, *options: str) -> Contestant:
        """Return our own command with a home of its own."""
        home = self.folder / f"home-{name.replace(' ', '')}"
        command = [CONCRETE, "train", str(EXPERIMENT), "-q", "--home", str(home), *options]
        return Contestant(name, command, self.folder)

    def from_nothing(self, runs: int) -> str:
        """No cache: everything runs."""
        plan = train(config.load(EXPERIMENT))
        contestants = [self.ours("concrete"), self.ours("concrete --cold", "--cold")]
        for one in contestants:
            one.before = partial(shutil.rmtree, one.command[5], ignore_errors=True)
        for name in self.names:
            folder = self.folder / name
            command = self.command(name, plan)
            contestants.append(Contestant(name, command, folder, partial(peers.forget, folder)))
            if name == "dvc":
                contestants[-1].before = partial(_forget_dvc, self, plan)
        timing.alternate(contestants, runs)
        plain = next(one for one in contestants if one.name == "plain")
        return timing.table("From nothing", contestants, plain)

    def unchanged(self, runs: int) -> str:
        """A second run: nothing is to be done."""
        plan = train(config.load(EXPERIMENT))
        contestants = [self.ours("concrete")] + [
            Contestant(name, self.command(name, plan), self.folder / name)
            for name in self.names
            if name != "plain"
        ]
        timing.alternate(contestants, runs)
        base = next((one for one in contestants if one.name == "dvc"), contestants[0])
        return timing.table("Nothing changed", contestants, base)

    def changed(self, runs: int) -> str:
        """One parameter of one candidate changes each time."""
        count = iter(range(3, 1000))
        contestants = [self.ours("concrete")]
        base = list(contestants[0].command)

        def change_ours() -> None:
            contestants[0].command = [*base, "--set", f"{CHANGE}={next(count)}"]

        contestants[0].before = change_ours
        for name in self.names:
            if name == "plain":
                continue
            contestant = Contestant(name, self._changed(name, next(count)), self.folder / name)
            contestant.before = partial(self._rewrite, contestant, name, count)
            contestants.append(contestant)
        timing.alternate(contestants, runs)
        reference = next((one for one in contestants if one.name == "dvc"), contestants[0])
        return timing.table("One parameter changed", contestants, reference)

    def _changed(self, name: str, value: int) -> list[str]:
        return self.command(name, train(config.load(EXPERIMENT, [f"{CHANGE}={value}"])))

    def _rewrite(self, contestant: Contestant, name: str, count: object) -> None:
        contestant.command = self._changed(name, next(count))  # type: ignore[call-overload]
        if name == "make":  # it does not look at command lines: do what a person would do
            (self.folder / name / "out" / "train_knn.done").unlink()


def _forget_dvc(race: Race, plan: Plan) -> None:
    peers.forget(race.folder / "dvc")
    shutil.rmtree(race.folder / "dvc" / ".dvc", ignore_errors=True)
    race.command("dvc", plan)


if __name__ == "__main__":
    main()
