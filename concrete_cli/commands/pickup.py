"""What finetune starts from: which train run, and which model it selected."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from concrete_cli import documents, formats, lines, processors, results
from concrete_cli.backend import Backend
from concrete_cli.cloud import adopting, remote
from concrete_cli.errors import Damaged, NotFound, UsageError
from concrete_cli.runs import Run
from concrete_cli.workspace import Workspace

if TYPE_CHECKING:
    from concrete_cli.config import Experiment
    from concrete_cli.execute import Request

LATEST = "latest"


def finetune(
    request: Request, experiment: Experiment, space: Workspace, backend: Backend
) -> dict[str, Any]:
    """Return the argument of workflows.finetune: what it starts from."""
    from concrete_cli.workflows.finetune import Start

    remote.refresh_all(space, request.backend)
    wanted = str(request.given.get("start") or LATEST)
    run = train_run(wanted, request, experiment, space, backend)
    model = results.at_hand(run, backend, run.last_events()).get("model")
    if model is None:
        hint = f"train again: {_training(request, experiment, space)}"
        raise NotFound("output", f"{run.id}/select.model", help=hint)
    manifest = documents.read(model / "manifest.json", formats.MANIFEST)
    start = Start(
        run.id,
        manifest["candidate"],
        manifest["model"],
        manifest["params"],
        slots=_slots(request),
        rival=_has_rival(experiment, space, backend),
        shares=tuple(request.given.get("shares", ())),
    )
    return {"start": start}


def train_run(
    wanted: str, request: Request, experiment: Experiment, space: Workspace, backend: Backend
) -> Run:
    """Return the train run that a person means, or the latest of this experiment.

    The handle of a run that another machine has started in the cloud will do.
    """
    name = experiment.experiment.name
    if wanted == LATEST:
        for run in space.runs.all():
            if _fits(run, request, experiment) and _is_done(run):
                return run
        hint = f"train first: {_training(request, experiment, space)}"
        raise NotFound("finished train run of experiment", name, help=hint)
    run = _named(wanted, experiment, space, backend)
    record = run.record
    if record["workflow"] != "train":
        raise UsageError(f"{run.id} is a {record['workflow']} run", help="name a train run")
    if record["backend"] != request.backend:
        hint = f"tune there: --backend {record['backend']}"
        raise UsageError(f"{run.id} ran on {record['backend']}, not {request.backend}", help=hint)
    if (state := results.status(run)) != "done":
        raise UsageError(f"{run.id} is {state}", help=f"finish it: {run.line('resume')}")
    return run


def _training(request: Request, experiment: Experiment, space: Workspace) -> str:
    """Return the command that makes a run to start from."""
    file, backend, sets = experiment.file, request.backend, request.sets
    return lines.of_experiment("train", file, space.home, backend=backend, sets=sets)


def _named(wanted: str, experiment: Experiment, space: Workspace, backend: Backend) -> Run:
    try:
        if run := remote.known(space, wanted):
            return run
    except NotFound as missing:
        if not remote.goes_on(backend):
            raise
        try:
            return adopting.adopt(space, backend, wanted, experiment.file)
        except NotFound:
            raise missing from None
    raise NotFound("run", wanted)


def _fits(run: Run, request: Request, experiment: Experiment) -> bool:
    record = run.record
    return (record["workflow"], record["backend"], record["file"]) == (
        "train",
        request.backend,
        str(experiment.file),
    )


def _is_done(run: Run) -> bool:
    with contextlib.suppress(Damaged):  # it is passed over, as one that has failed is
        run.check()
        return results.status(run) == "done"
    return False


def _slots(request: Request) -> int:
    """Return how many steps run at once; in the cloud that is for the cluster to say."""
    if request.backend != "local":
        return 0
    return request.options.jobs or processors.usable()


def _has_rival(experiment: Experiment, space: Workspace, backend: Backend) -> bool:
    """Whether the alias of `[register] better_than` stands for a version."""
    said = experiment.register_
    if not said or not said.better_than:
        return False
    del space
    models: Any = getattr(backend, "models", None)
    if models is None:
        return False
    try:
        models.find(f"{said.name}@{said.better_than}")
    except NotFound:
        return False
    return True
