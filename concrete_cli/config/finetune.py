"""`[finetune]`: how the selected model is tuned."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator

from concrete_cli.config.fields import Name, Seconds, Table, Text
from concrete_cli.config.space import Search, parse

Expression = Annotated[
    Search, PlainValidator(parse, json_schema_input_type=str | list[Any] | dict[str, Any])
]


class EarlyStop(Table):
    """`[finetune.early_stop]`: when a trial is given up, asked after each fold."""

    policy: Literal["bandit", "median", "none"] = Field(
        "median",
        description="bandit: too far behind the best; median: behind half of the trials.",
    )
    slack_factor: float | None = Field(
        None, gt=0, description="bandit: allowed distance to the best, as a share of it."
    )
    slack_amount: float | None = Field(
        None, gt=0, description="bandit: allowed distance to the best, in the metric's unit."
    )


def _policy(value: object) -> object:
    return {"policy": value} if isinstance(value, str) else value


class Finetune(Table):
    """`[finetune]`: how the model that training selected is tuned."""

    trials: int = Field(50, ge=1, le=100_000, description="How many configurations are tried.")
    budget: Seconds | None = Field(
        None, description='No trial begins after this long: "60s", "10m", or seconds.'
    )
    workers: int | None = Field(
        None, ge=1, le=256, description="Trials tried at once; by default, one per processor."
    )
    sampling: Literal["random", "grid", "bayesian", "sobol"] = Field(
        "bayesian", description="How configurations are chosen."
    )
    early_stop: Annotated[
        EarlyStop, BeforeValidator(_policy, json_schema_input_type=str | EarlyStop)
    ] = Field(default_factory=EarlyStop.model_construct, description="When a trial is given up.")
    average: int | None = Field(
        None, ge=2, le=50, description="Average this many of the best configurations."
    )
    space: dict[Name, dict[Text, Expression]] = Field(
        default_factory=dict,
        description='Search expressions, by candidate and parameter: "loguniform(-6, -1)".',
    )
