"""Checking an experiment as far as it can be done without running it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from concrete_cli import backend as seam
from concrete_cli import execute, settings, workspace
from concrete_cli.commands import checking_data as of_data
from concrete_cli.errors import ExperimentInvalid, Problem
from concrete_cli.plan import Plan

if TYPE_CHECKING:
    from concrete_cli.config import Experiment


def check(
    file: Path | None, sets: tuple[str, ...], backend: str = "", *, data: bool = False
) -> dict[str, Any]:
    """Return file, name, candidates, number of steps, and what to know of a sound experiment.

    Raises ExperimentInvalid with every problem of one that is not; `backend` is asked as well. With
    `data` all rows are read, prepared and split, else only the first ones.
    """
    from concrete_cli import config

    experiment = config.load(file or workspace.nearest_experiment(Path.cwd()), sets, files=True)
    plans = [execute.workflow(name)(experiment) for name in execute.described(experiment)]
    if backend and (wrong := _on(backend, experiment, plans)):
        raise ExperimentInvalid(wrong)
    looked = of_data.read if data else of_data.look
    return {
        "file": str(experiment.file),
        "name": experiment.experiment.name,
        "candidates": list(experiment.train.candidates),
        "steps": sum(len(plan.steps) for plan in plans),
        **looked(experiment),
        "problems": [],
    }


def origins(file: Path | None, sets: tuple[str, ...], by_variable: str) -> list[dict[str, Any]]:
    """Return each effective value with where it comes from, see `config.origins`."""
    from concrete_cli import config
    from concrete_cli.config import origins

    experiment = config.load(file or workspace.nearest_experiment(Path.cwd()), sets)
    return origins.of(experiment, by_variable)


def _on(name: str, experiment: Experiment, plans: list[Plan]) -> list[Problem]:
    """Return what a backend finds wrong in its settings and in the plans. Offline."""
    if wrong := settings.problems(experiment, name):
        return wrong
    home = experiment.folder / workspace.FOLDER  # named only: nothing is written there
    place = seam.load(name, home, settings.of(experiment, name))
    found = (
        problem
        for plan in plans
        for problem in settings.problems_of_plan(experiment, name, plan, place)
    )
    return list(dict.fromkeys(found))
