"""From an experiment to a run: load, plan, write down, submit."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concrete_cli import backend, disk, planned, settings, tracking, workspace
from concrete_cli.backend import Backend, Options
from concrete_cli.cloud import remote
from concrete_cli.errors import ConcreteError, ExperimentInvalid, NotFound
from concrete_cli.plan import Plan
from concrete_cli.planned import Planned
from concrete_cli.runs import Run
from concrete_cli.sources import fetching
from concrete_cli.workspace import Workspace

if TYPE_CHECKING:
    from concrete_cli.config import Experiment

LOG = logging.getLogger("concrete")
# A workflow is a pure function from an experiment to a plan.
WORKFLOWS = {
    "train": "concrete_cli.workflows.train:train",
    "run": "concrete_cli.workflows.own:own",
    "finetune": "concrete_cli.workflows.finetune:finetune",
    "deploy": "concrete_cli.workflows.deploy:deploy",
    "score": "concrete_cli.workflows.score:score",
}
# Functions that say which scripts run first, before the experiment is read and checked.
FIRST = {
    "train": "concrete_cli.workflows.train:first",
    "run": "concrete_cli.workflows.own:first",
}
# Those that begin with data. Others work on what an earlier run left: the data may be gone by now.
AT_FIRST = ("", "train", "run")
# What a workflow has to know beyond the experiment, as arguments by their names.
LOOKUPS = {
    "finetune": "concrete_cli.commands.pickup:finetune",
    "deploy": "concrete_cli.commands.deploying:choose",
    "score": "concrete_cli.commands.scoring:choose",
    "run": "concrete_cli.commands.pinning:own",
}


@dataclass(frozen=True)
class Request:
    """What a person asked for; a workflow without a name is the first that the experiment has.

    `given` is for the workflow's lookup: finetune's `start` is the train run that it picks up.
    A `dry` one only asks: nothing is written, not even the home.
    """

    workflow: str
    experiment: Path | None = None
    home: Path | None = None
    backend: str = "local"
    sets: tuple[str, ...] = ()
    options: Options = field(default_factory=Options)
    given: Mapping[str, Any] = field(default_factory=dict)
    dry: bool = False


@dataclass(frozen=True)
class Prepared:
    """An experiment that is ready to be handed to a backend."""

    request: Request
    planned: Planned
    workspace: Workspace
    backend: Backend

    @property
    def plan(self) -> Plan:
        """What is to be run."""
        return self.planned.plan

    @functools.cached_property
    def experiment(self) -> Experiment:
        """The experiment itself, for what its plan does not tell."""
        from concrete_cli import config

        return config.load(self.planned.file, self.planned.sets)


def prepare(request: Request, *, to_run: bool = False) -> Prepared:
    """Read the experiment, check it, make its plan; nothing is written yet but the home.

    `to_run` lets the backend get ready for it meanwhile.
    """
    file = (request.experiment or workspace.nearest_experiment(Path.cwd())).absolute()
    key = planned.key(file, request.workflow, request.sets) if _lasts(request) else ""
    found = planned.find(workspace.home_of(file, request.home), key) if key else None
    LOG.debug("%s of %s: the plan is %s", request.workflow, file, "kept" if found else "made")
    if to_run and key and not found:
        _get_ready(request, file)
    prepared = _taken_up(request, file, found) if found else _read(request, file, key)
    for name in request.options.force:
        prepared.plan.step(name)  # NotFound names the nearest
    return prepared


def _get_ready(request: Request, file: Path) -> None:
    """Let the backend begin with what the first steps of the workflow need, whatever the plan."""
    workflow = request.workflow or "train"
    place = backend.load(request.backend, workspace.home_of(file, request.home))
    if hasattr(place, "get_ready") and not request.options.cold:
        place.get_ready(named(FIRST[workflow])(file) if workflow in FIRST else ())


def _lasts(request: Request) -> bool:
    """Whether the plan may depend on the experiment alone, and so be the same the next time."""
    return request.backend == "local" and not request.given and request.workflow in AT_FIRST


def _space(request: Request, file: Path) -> Workspace:
    if request.dry:
        return Workspace(workspace.home_of(file, request.home))
    return workspace.of_experiment(file, request.home)


def _taken_up(request: Request, file: Path, found: Planned) -> Prepared:
    space = _space(request, file)
    place = backend.load(request.backend, space.home, found.settings)
    return Prepared(replace(request, workflow=found.workflow), found, space, place)


def _read(request: Request, file: Path, key: str) -> Prepared:
    from concrete_cli import config

    experiment = config.load(file, request.sets, files=request.workflow in AT_FIRST)
    keys = {key}
    if key and request.workflow in described(experiment)[:1]:  # `plan` names none, and means this
        keys.add(planned.key(file, "", request.sets))
    request = replace(request, workflow=request.workflow or described(experiment)[0])
    space = _space(request, file)
    if wrong := settings.problems(experiment, request.backend):
        raise ExperimentInvalid(wrong)
    place = backend.load(request.backend, space.home, settings.of(experiment, request.backend))
    known: dict[str, Any] = {}
    if request.workflow in LOOKUPS:
        known = named(LOOKUPS[request.workflow])(request, experiment, space, place)
    plan = workflow(request.workflow)(experiment, **known)
    if wrong := settings.problems_of_plan(experiment, request.backend, plan, place):
        raise ExperimentInvalid(wrong)
    made = of_experiment(experiment, request.workflow, request.backend, plan)
    if key and not any(known.values()) and not request.dry:
        for name in keys:
            planned.keep(space.home, name, made)
    return Prepared(request, made, space, place)


def of_experiment(experiment: Experiment, workflow: str, backend: str, plan: Plan) -> Planned:
    """Return a plan with all that a run of it needs to know of its experiment."""
    return Planned(
        workflow=workflow,
        name=experiment.experiment.name,
        file=str(experiment.file),
        text=experiment.text,
        sets=experiment.sets,
        settings=settings.of(experiment, backend),
        mlflow=experiment.tracking.mlflow or "",
        files=experiment.origin.files,
        plan=plan,
    )


def submit(prepared: Prepared, tell: fetching.Tell | None = None) -> Run:
    """Fetch what is on the web, write the run down and hand its plan to the backend.

    `tell` hears of what takes a while.
    """
    request, made = prepared.request, prepared.planned
    tracking.check(made.mlflow)
    if hasattr(prepared.backend, "check_there") and (
        wrong := settings.problems_there(
            prepared.experiment, request.backend, made.plan, prepared.backend
        )
    ):
        raise ExperimentInvalid(wrong)
    fetched = fetching.here(made.plan, prepared.workspace.home, tell)
    run = prepared.workspace.runs.create(
        made.plan,
        experiment=made.text,
        options=request.options,
        facts=made.facts(request.backend),
    )
    try:
        handle = prepared.backend.submit(fetched, run.folder, request.options)
    except ConcreteError:  # nobody has taken it: it is no run
        disk.put_aside(run.folder, prepared.workspace.home / "tmp")
        raise
    run.note(handle=handle, remote=remote.goes_on(prepared.backend))
    LOG.debug("run %s: %d steps handed to %s", run.id, len(fetched.steps), request.backend)
    return run


def workflow(name: str) -> Callable[..., Plan]:
    """Return the workflow called `name`."""
    if name not in WORKFLOWS:
        raise NotFound("workflow", name, WORKFLOWS)
    return named(WORKFLOWS[name])


def named(text: str) -> Callable[..., Any]:
    """Return the function that `module:function` names."""
    module, _, function = text.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


def described(experiment: Experiment) -> list[str]:
    """Return the workflows that the tables of an experiment describe: train, run, or both."""
    own = experiment.pipeline is not None and bool(experiment.pipeline.steps)
    return [*(["train"] if experiment.train.candidates else []), *(["run"] if own else [])]
