"""Sections that must be there, `[steps."GLOB"]` and `[backend.NAME]`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from concrete_cli import destinations, durations
from concrete_cli.config.checks.models import not_plain
from concrete_cli.config.experiment import Experiment
from concrete_cli.config.words import got
from concrete_cli.errors import Problem, nearest

SHIPPED = ("prepare", "split", "select", "evaluate", "register", "bundle", "smoke", "score")
SHARDED = ("tune", "score")  # tune_0, tune_1, ...: as many as there are workers
SHARDS = 256


def _names(value: object) -> None:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError("expected a list of names")


# What a call of a published plan may give, as on Azure: NAME or STEP.NAME.
LOCAL = {"keep_warm": durations.parse, "parameters": _names}


def check(experiment: Experiment) -> Iterator[Problem]:
    """Yield missing sections, globs that match no step and unknown backends."""
    yield from _sections(experiment)
    yield from _destinations(experiment)
    yield from unmatched(experiment, _steps(experiment))
    yield from _backends(experiment)


def unmatched(experiment: Experiment, steps: Iterable[str]) -> Iterator[Problem]:
    """Yield the `[steps."GLOB"]` tables that match none of `steps`."""
    names = list(steps)
    for glob in experiment.steps:
        if not any(fnmatchcase(name, glob) for name in names):
            shown = [name for name in names if not name.startswith(SHARDED)]
            globs = ("train_*", *(f"{name}_*" for name in SHARDED)) if "*" in glob else ()
            hint = nearest(glob, globs or shown) or f"the steps are: {', '.join(shown)}"
            message = f"no step is called {glob!r}"
            yield experiment.origin.problem(("steps", glob), message, hint, at_key=True)


def _steps(experiment: Experiment) -> Iterator[str]:
    """Every step that some workflow makes of this experiment."""
    yield from (f"train_{name}" for name in experiment.origin.names("train", "candidates"))
    yield from experiment.origin.names("pipeline", "steps")
    yield from SHIPPED
    yield from (f"{name}_{number}" for name in SHARDED for number in range(SHARDS))


def _sections(experiment: Experiment) -> Iterator[Problem]:
    if experiment.origin.has("pipeline", "steps"):
        return
    what = {
        "data": "with source, the file of the rows, and target, the column to predict",
        "train": "with a table [train.candidates.NAME] for each model to try",
    }
    for name, purpose in what.items():
        if not experiment.origin.has(name):
            yield experiment.origin.problem((name,), f"the table [{name}] is missing", purpose)


def _destinations(experiment: Experiment) -> Iterator[Problem]:
    for glob, table in experiment.steps.items():
        if table.destination and (wrong := destinations.problem(table.destination)):
            where = ("steps", glob, "destination")
            yield experiment.origin.problem(where, f"steps.{glob}.destination: {wrong}")


def _backends(experiment: Experiment) -> Iterator[Problem]:
    problem = experiment.origin.problem
    for name, given in experiment.backend.items():
        where = ("backend", name)
        yield from not_plain(experiment, where, given)
        if name == "local":
            yield from _local(experiment)
        elif ":" not in name and name not in _known():
            hint = nearest(name, _known()) or f"there are: {', '.join(_known())}"
            yield problem(where, f"there is no backend {name!r}", hint, at_key=True)


def _known() -> list[str]:
    from importlib.metadata import entry_points  # slow to import, and seldom needed

    from concrete_cli.backend import BACKENDS

    return [*BACKENDS, *entry_points(group="concrete.backends").names]


def _local(experiment: Experiment) -> Iterator[Problem]:
    for name, value in experiment.backend["local"].items():
        where = ("backend", "local", name)
        if name not in LOCAL:
            hint = nearest(name, LOCAL) or f"known: {', '.join(LOCAL)}"
            message = f"unknown key {name!r} in [backend.local]"
            yield experiment.origin.problem(where, message, hint, at_key=True)
            continue
        try:
            LOCAL[name](value)
        except ValueError as error:
            message = f"backend.local.{name}: {got(str(error), value)}"
            yield experiment.origin.problem(where, message)
