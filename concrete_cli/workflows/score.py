"""score: score_<i>, each a part of the rows -> merge. One part alone needs no merge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from concrete_cli import payload
from concrete_cli.plan import Output, Plan, Source, Step
from concrete_cli.workflows.settings import settled
from concrete_cli.workflows.train import own_modules

if TYPE_CHECKING:
    from concrete_cli.config import Experiment


@dataclass(frozen=True)
class Scored:
    """What is to be scored: the rows in `data`, by the model in `source`.

    `model` and `params` say what the model is made of, `keep` which columns are carried over.
    """

    source: str
    model: str
    params: Mapping[str, Any]
    data: str
    shards: int = 1
    keep: tuple[str, ...] = ()
    format: str = "parquet"
    name: str = field(default="", compare=False)


def score(experiment: Experiment, scored: Scored) -> Plan:
    """Return the plan that predicts the rows, in parts that run side by side."""
    parts = [_part(experiment, scored, number) for number in range(scored.shards)]
    steps = parts if len(parts) == 1 else [*parts, _merge(scored, parts)]
    return Plan("score", tuple(settled(experiment, step) for step in steps))


def result(plan: Plan) -> Output:
    """Return the output of a score plan that holds all predictions."""
    return plan.steps[-1].output("predictions")


def _part(experiment: Experiment, scored: Scored, number: int) -> Step:
    families = payload.module("_families")
    name = f"score_{number}"
    return Step(
        name,
        "score_rows.py",
        inputs={"model": Source(scored.source), "data": Source(scored.data)},
        outputs=(Output(name, "predictions"),),
        params={
            "part": number,
            "parts": scored.shards,
            "keep": list(scored.keep),
            "format": scored.format,
        },
        modules=own_modules(experiment),
        libraries=families.modules(scored.model, scored.params),
    )


def _merge(scored: Scored, parts: list[Step]) -> Step:
    return Step(
        "merge",
        "merge_rows.py",
        inputs={"parts": tuple(Output(part.name, "predictions") for part in parts)},
        outputs=(Output("merge", "predictions"),),
        params={"format": scored.format},
    )
