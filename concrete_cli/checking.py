"""Checking an experiment as far as it can be done without running it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from concrete_cli import execute, workspace


def check(file: Path | None, sets: tuple[str, ...]) -> dict[str, Any]:
    """Return file, name, candidates and number of steps of a sound experiment.

    Raises ExperimentInvalid with every problem of one that is not.
    """
    from concrete_cli import config

    experiment = config.load(file or workspace.nearest_experiment(Path.cwd()), sets, files=True)
    plans = [execute.workflow(name)(experiment) for name in execute.described(experiment)]
    return {
        "file": str(experiment.file),
        "name": experiment.experiment.name,
        "candidates": list(experiment.train.candidates),
        "steps": sum(len(plan.steps) for plan in plans),
        "problems": [],
    }
