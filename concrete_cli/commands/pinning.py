"""What the inputs of an own pipeline stand for at this moment: `latest` and aliases move on.

A plan that has been written down names runs and versions, so that a resumed run reads what it
read before, and a run can never be its own `latest`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from concrete_cli.backend import Backend
from concrete_cli.errors import NotFound
from concrete_cli.execute import Request
from concrete_cli.registry.models import Models
from concrete_cli.runs import Run
from concrete_cli.workspace import Workspace

if TYPE_CHECKING:
    from concrete_cli.config import Experiment


def own(
    request: Request,  # noqa: ARG001  every lookup gets it
    experiment: Experiment,
    space: Workspace,
    backend: Backend,
) -> dict[str, dict[str, str]]:
    """Return the argument of workflows.own: `run:` and `model:` inputs with what they stand for."""
    steps = experiment.pipeline.steps.values() if experiment.pipeline else ()
    texts = {text for step in steps for items in step.inputs.values() for text in items}
    pinned: dict[str, str] = {}
    for text in sorted(texts):
        kind, _, rest = text.partition(":")
        if kind not in ("run", "model"):
            continue
        try:
            pinned[text] = _run(rest, space) if kind == "run" else _model(rest, space)
        except NotFound:
            if backend.name == "local":
                raise  # elsewhere there may be others
    return {"pinned": pinned}


def _run(text: str, space: Workspace) -> str:
    name, _, output = text.partition("/")
    step = output.partition(".")[0]

    def fits(run: Run) -> bool:
        event = run.last_events().get(step)
        return event is not None and event.state.good

    return f"run:{space.runs.find(name, fits).id}/{output}"


def _model(text: str, space: Workspace) -> str:
    return f"model:{Models(space.home).find(text).ref}"
