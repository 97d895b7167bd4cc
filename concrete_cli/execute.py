"""From an experiment to a run: load, plan, write down, submit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concrete_cli import backend, disk, remote, settings, tracking, workspace
from concrete_cli.backend import Backend, Options
from concrete_cli.errors import ConcreteError, ExperimentInvalid, NotFound
from concrete_cli.plan import Plan
from concrete_cli.runs import Run
from concrete_cli.workspace import Workspace

if TYPE_CHECKING:
    from concrete_cli.config import Experiment

# A workflow is a pure function from an experiment to a plan.
WORKFLOWS = {
    "train": "concrete_cli.workflows.train:train",
    "run": "concrete_cli.workflows.own:own",
    "finetune": "concrete_cli.workflows.finetune:finetune",
    "deploy": "concrete_cli.workflows.deploy:deploy",
    "score": "concrete_cli.workflows.score:score",
}
# What a workflow has to know beyond the experiment, as arguments by their names.
LOOKUPS = {
    "finetune": "concrete_cli.pickup:finetune",
    "deploy": "concrete_cli.deploying:choose",
    "score": "concrete_cli.scoring:choose",
    "run": "concrete_cli.pinning:own",
}


@dataclass(frozen=True)
class Request:
    """What a person asked for; a workflow without a name is the first that the experiment has.

    `given` is for the workflow's lookup: finetune's `start` is the train run that it picks up.
    """

    workflow: str
    experiment: Path | None = None
    home: Path | None = None
    backend: str = "local"
    sets: tuple[str, ...] = ()
    options: Options = field(default_factory=Options)
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """An experiment that is ready to be handed to a backend."""

    request: Request
    experiment: Experiment
    plan: Plan
    workspace: Workspace
    backend: Backend


def prepare(request: Request) -> Prepared:
    """Read the experiment, check it, make its plan; nothing is written yet but the home."""
    from concrete_cli import config

    file = request.experiment or workspace.nearest_experiment(Path.cwd())
    # Others than these work on what an earlier run left: the data may be gone by now.
    files = request.workflow in ("", "train", "run")
    experiment = config.load(file, request.sets, files=files)
    request = replace(request, workflow=request.workflow or described(experiment)[0])
    space = workspace.of_experiment(file, request.home)
    if wrong := settings.problems(experiment, request.backend):
        raise ExperimentInvalid(wrong)
    place = backend.load(request.backend, space.home, settings.of(experiment, request.backend))
    known: dict[str, Any] = {}
    if request.workflow in LOOKUPS:
        known = named(LOOKUPS[request.workflow])(request, experiment, space, place)
    plan = workflow(request.workflow)(experiment, **known)
    _check_names(plan, request.options.force)
    if wrong := settings.problems_of_plan(experiment, request.backend, plan, place):
        raise ExperimentInvalid(wrong)
    return Prepared(request, experiment, plan, space, place)


def submit(prepared: Prepared) -> Run:
    """Write the run down and hand its plan to the backend."""
    request, experiment = prepared.request, prepared.experiment
    tracking.check(experiment)
    run = prepared.workspace.runs.create(
        prepared.plan,
        experiment=experiment.text,
        options=request.options,
        facts={
            "workflow": request.workflow,
            "experiment": experiment.experiment.name,
            "file": str(experiment.file),
            "backend": request.backend,
            "settings": settings.of(experiment, request.backend),
            "sets": list(experiment.sets),
        },
    )
    try:
        handle = prepared.backend.submit(prepared.plan, run.folder, request.options)
    except ConcreteError:  # nobody has taken it: it is no run
        disk.put_aside(run.folder, prepared.workspace.home / "tmp")
        raise
    run.note(handle=handle, remote=remote.goes_on(prepared.backend))
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


def _check_names(plan: Plan, forced: Iterable[str]) -> None:
    for name in forced:
        plan.step(name)  # NotFound names the nearest
