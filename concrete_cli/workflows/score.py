"""score: score_<i>, each a part of the rows -> merge. One part alone needs no merge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from concrete_cli.plan import Output, Plan, Source, Step
from concrete_cli.workflows.settings import settled
from concrete_cli.workflows.train import own_modules

if TYPE_CHECKING:
    from concrete_cli.config import Experiment


@dataclass(frozen=True)
class Scored:
    """What is to be scored: the rows in `data`, by the model in `source`.

    `libraries` are the modules that loading it needs, `complete` says that no class of the
    experiment's own is among them; `keep` are the columns that are carried over.
    """

    source: str
    data: str
    libraries: tuple[str, ...] = ()
    complete: bool = True
    shards: int = 1
    keep: tuple[str, ...] = ()
    format: str = "parquet"


def score(experiment: Experiment, scored: Scored) -> Plan:
    """Return the plan that predicts the rows, in parts that run side by side."""
    parts = [_part(experiment, scored, number) for number in range(scored.shards)]
    steps = parts if len(parts) == 1 else [*parts, _merge(scored, parts)]
    return Plan("score", tuple(settled(experiment, step) for step in steps))


def result(plan: Plan) -> Output:
    """Return the output of a score plan that holds all predictions."""
    return plan.steps[-1].output("predictions")


def _part(experiment: Experiment, scored: Scored, number: int) -> Step:
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
        modules=() if scored.complete else own_modules(experiment),
        libraries=scored.libraries,
    )


def _merge(scored: Scored, parts: list[Step]) -> Step:
    return Step(
        "merge",
        "merge_rows.py",
        inputs={"parts": tuple(Output(part.name, "predictions") for part in parts)},
        outputs=(Output("merge", "predictions"),),
        params={"format": scored.format},
    )
