"""A run that another machine has started becomes one of this home: watched, reported, tuned from.

A cloud knows a run by its handle, and knows its steps, not our plan of them. The plan is made anew
from the experiment as it is here; a run whose steps are not those of that plan is not taken.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

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


def adopt(space: Workspace, backend: Backend, handle: str, file: Path | None) -> Run:
    """Return the run of this home for the handle of one that another machine has started."""
    from concrete_cli import config

    file = file or workspace.nearest_experiment(Path.cwd())
    return of_experiment(space, backend, handle, config.load(file, files=False))


def of_experiment(space: Workspace, backend: Backend, handle: str, experiment: Experiment) -> Run:
    """Do so for an experiment that has been read."""
    seen = {event.step for event in remote.glance(backend, handle)}
    workflow, plan = _plan(experiment, seen, space, backend, handle)
    made = execute.of_experiment(experiment, workflow, backend.name, plan)
    facts = made.facts(backend.name) | {"handle": handle, "remote": True}
    run = space.runs.create(plan, experiment=made.text, options=Options(), facts=facts)
    told = "%s is run %s here; its plan is that of %s as it is now"
    LOG.warning(told, handle, run.id, experiment.file.name)
    remote.refresh(run, backend)
    return run


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
