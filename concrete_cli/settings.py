"""What an experiment says to a backend: its table, checked, with the lines of what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from concrete_cli import backend as seam
from concrete_cli import workspace
from concrete_cli.errors import BackendUnavailable, NotFound, Problem

if TYPE_CHECKING:
    from concrete_cli.backend import Backend
    from concrete_cli.config import Experiment
    from concrete_cli.plan import Plan

TABLES = ("steps", "pipeline")  # a key that begins so is not one of the backend's own table


def of(experiment: Experiment, name: str) -> dict[str, Any]:
    """Return `[backend.NAME]`, with the destinations that `[steps."GLOB"]` tables name."""
    given = dict(experiment.backend.get(name, {}))
    # The first pattern that matches counts there, the last one here.
    named = {
        glob: table.destination
        for glob, table in reversed(experiment.steps.items())
        if table.destination
    }
    if named and name in seam.EXTRAS:
        given["destinations"] = {**named, **given.get("destinations", {})}
    return given


def of_file(name: str, file: Path | None) -> dict[str, Any]:
    """Return the settings of a backend in an experiment, or in the nearest one if there is one."""
    from concrete_cli import config

    if file is None:
        try:
            file = workspace.nearest_experiment(Path.cwd())
        except NotFound:
            return {}
    return of(config.load(file), name)


def problems(experiment: Experiment, name: str) -> list[Problem]:
    """Return what is wrong in the table of a backend, with the lines. Needs no extra."""
    module = part(name, "settings")
    found = getattr(module, "problems", None)
    return list(_placed(experiment, name, found(of(experiment, name)))) if found else []


def problems_of_plan(
    experiment: Experiment, name: str, plan: Plan, place: Backend
) -> list[Problem]:
    """Return what in a plan a backend cannot run, with the lines."""
    check = getattr(place, "check", None)
    return list(_placed(experiment, name, check(plan))) if check else []


def problems_there(experiment: Experiment, name: str, plan: Plan, place: Backend) -> list[Problem]:
    """Return what the place itself, which is asked, cannot do with a plan, with the lines."""
    check = getattr(place, "check_there", None)
    return list(_placed(experiment, name, check(plan))) if check else []


def part(name: str, module: str) -> ModuleType | None:
    """Return a module of a shipped backend that is not local; None: it has none such."""
    if name not in seam.EXTRAS:
        return None
    package = seam.BACKENDS[name].partition(":")[0]
    return import_module(f"{package}.{module}")


def needed_part(name: str, module: str, what: str) -> ModuleType:
    """Return such a module, or say what cannot be done without it."""
    found = part(name, module)
    if found is None:
        if name not in seam.BACKENDS and ":" not in name:
            raise NotFound("backend", name, seam.BACKENDS)
        raise BackendUnavailable(f"backend {name} {what}", help=f"one of {', '.join(seam.EXTRAS)}")
    return found


def _placed(
    experiment: Experiment, name: str, found: Iterable[tuple[str, str]]
) -> Iterator[Problem]:
    for dotted, text in dict.fromkeys(found):
        glob = dotted.removeprefix("destinations.")
        named = glob != dotted and glob in experiment.steps
        key = f"steps.{glob}.destination" if named else dotted
        own = key.partition(".")[0] in TABLES
        where = () if own else ("backend", name)
        keys = (*where, *_keys(key, experiment.origin.data if own else of(experiment, name)))
        title = "" if own else f"[backend.{name}] "
        message = f"{title}{key}: {text}" if key else text
        yield experiment.origin.problem(keys or ("experiment",), message)


def _keys(dotted: str, table: Any) -> Iterator[str]:
    """Yield the keys that a dotted one stands for; keys of a table may hold dots themselves."""
    words = dotted.split(".") if dotted else []
    while words:
        for length in range(len(words), 0, -1):
            key = ".".join(words[:length])
            if length == 1 or (isinstance(table, Mapping) and key in table):
                yield key
                table = table.get(key) if isinstance(table, Mapping) else None
                words = words[length:]
                break
