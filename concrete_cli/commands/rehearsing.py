"""A rehearsal: the compiled plan is executed here, and compared with a local run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concrete_cli import execute, settings
from concrete_cli.backend import BACKENDS, Event
from concrete_cli.errors import BackendUnavailable, ExperimentInvalid
from concrete_cli.execute import Request
from concrete_cli.plan import Item, Output, Plan, Source, Step
from concrete_cli.sources import urls

if TYPE_CHECKING:
    from concrete_cli.execute import Prepared

SMALLEST = "concrete_cli.backends.rehearsal"


def rehearse(
    request: Request, name: str, show: Callable[[str, Event], None] | None = None
) -> dict[str, Any]:
    """Carry the plan of a request out locally and on the emulated backend `name`.

    Returns {equal, backend, run, steps: [{name, equal, differences}]}; `run` is the local one.
    """
    module = _part(name)
    prepared = execute.prepare(replace(request, backend="local"))
    experiment = prepared.experiment
    if wrong := settings.problems(experiment, name):
        raise ExperimentInvalid(wrong)
    plan = _with_paths(prepared)
    facts = {
        "workflow": prepared.request.workflow,
        "experiment": experiment.experiment.name,
        "file": str(experiment.file),
    }
    home = prepared.workspace.home
    with tempfile.TemporaryDirectory(prefix="concrete-") as scratch:
        given = settings.of(experiment, name)
        with module.emulated(plan, Path(scratch), given) as there:
            found: dict[str, Any] = import_module(SMALLEST).rehearse(
                plan, home, there, options=request.options, facts=facts, show=show
            )
    return found


def _part(name: str) -> Any:
    """Return the part of a backend that emulates it."""
    try:
        found = settings.needed_part(name, "rehearse", "is no cloud: there is nothing to rehearse")
    except ModuleNotFoundError as error:
        advice = f"pip install 'concrete-cli[{name}]'"
        message = f"backend {name} needs {error.name}"
        raise BackendUnavailable(message, help=advice) from error
    assert name in BACKENDS
    return found


def _with_paths(prepared: Prepared) -> Plan:
    """Return the plan with URLs, and what earlier local runs and models left, as plain paths.

    The emulated workspace is a new one: it knows neither runs nor models.
    """
    find = import_module("concrete_cli.backends.local.sources").find

    def place(item: Item) -> Item:
        if isinstance(item, Output) or not (
            item.uri.startswith(("run:", "model:")) or urls.is_url(item.uri)
        ):
            return item
        return Source(str(find(item, prepared.workspace.home)))

    def moved(step: Step) -> Step:
        inputs = {
            name: tuple(map(place, given)) if isinstance(given, tuple) else place(given)
            for name, given in step.inputs.items()
        }
        return replace(step, inputs=inputs)

    plan = prepared.plan
    return Plan(plan.name, tuple(map(moved, plan.steps)), plan.publishes)
