"""A run that another machine has started becomes one of this home: watched, reported, tuned from.

A cloud knows a run by its handle, and knows its steps, not our plan of them. The plan is made anew
from the experiment as it is here; a run whose steps are not those of that plan is not taken.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concrete_cli import execute, workspace
from concrete_cli.backend import Backend, Options
from concrete_cli.cloud import remote
from concrete_cli.commands import pinning
from concrete_cli.errors import NotFound, UsageError
from concrete_cli.plan import Plan
from concrete_cli.runs import Run
from concrete_cli.workspace import Workspace

if TYPE_CHECKING:
    from concrete_cli.config import Experiment

LOG = logging.getLogger("concrete")
CUT = "\N{HORIZONTAL ELLIPSIS}"  # ends a text that was cut short


def adopt(space: Workspace, backend: Backend, handle: str, file: Path | None) -> Run:
    """Return the run of this home for the handle of one that another machine has started.

    Its experiment is that of `file` as it is here, with what it was changed by for that run.
    """
    from concrete_cli import config

    file = file or workspace.nearest_experiment(Path.cwd())
    config.load(file, files=False)  # before anybody is asked
    seen = {event.step for event in remote.glance(backend, handle)}
    experiment = config.load(file, _sets(backend, handle, seen), files=False)
    workflow, plan = _plan(experiment, seen, space, backend, handle)
    made = execute.of_experiment(experiment, workflow, backend.name, plan)
    facts = made.facts(backend.name) | {"handle": handle, "remote": True}
    run = space.runs.create(plan, experiment=made.text, options=Options(), facts=facts)
    told = "%s is run %s here; its plan is that of %s as it is now%s"
    changed = "".join(f", --set {one}" for one in experiment.sets)
    LOG.warning(told, handle, run.id, experiment.file.name, changed)
    remote.refresh(run, backend)
    return run


def _sets(backend: Backend, handle: str, seen: set[str]) -> list[str]:
    """Return the `--set` that the run was made with, as far as they have travelled with it."""
    told: Any = getattr(backend, "sets", None)
    found: list[str] = told(handle) if told and seen else []
    for cut in [one for one in found if one.endswith(CUT)]:
        name = cut.partition("=")[0]
        LOG.warning("%s was made with a --set %s that was too long to travel", handle, name)
    return [one for one in found if not one.endswith(CUT)]


def _plan(
    experiment: Experiment, seen: set[str], space: Workspace, backend: Backend, handle: str
) -> tuple[str, Plan]:
    """Return the workflow of the experiment that has all the steps that were seen."""
    elsewhere = f"concrete logs {handle} --follow --backend {backend.name}"
    if not seen:
        raise NotFound("step", handle, help=f"none has begun yet; {elsewhere}")
    for name in execute.described(experiment):
        request = execute.Request(name, backend=backend.name)
        known = pinning.own(request, experiment, space, backend) if name == "run" else {}
        plan = execute.workflow(name)(experiment, **known)
        if seen <= {step.name for step in plan.steps}:
            return name, plan
    raise UsageError(
        f"{handle} has steps that {experiment.file.name} has not: {', '.join(sorted(seen))}",
        help=f"name its --experiment; or only look on: {elsewhere}",
    )
