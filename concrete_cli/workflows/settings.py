"""What the `[steps."GLOB"]` tables of an experiment change in a step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from concrete_cli.plan import Step

if TYPE_CHECKING:
    from concrete_cli.config import Experiment

FIELDS = ("compute", "cpus", "timeout", "retries", "reuse")


def settled(experiment: Experiment, step: Step) -> Step:
    """Return the step as the experiment's `[steps."GLOB"]` tables want it."""
    said = experiment.settings(step.name)
    changes = {name: getattr(said, name, None) for name in FIELDS}
    step = replace(step, **{name: value for name, value in changes.items() if value is not None})
    mode = getattr(said, "mode", None)
    if mode is None:
        return step
    return replace(step, outputs=tuple(replace(output, mode=mode) for output in step.outputs))
