"""`[register]`: the model's name in the registry, and what it must reach."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, PlainValidator

from concrete_cli.config.fields import Table, Title

RULE = re.compile(r"\s*(<=|>=|<|>)\s*(\S+)\s*")
EXPECTED = 'expected a rule such as "<= 6.0"'


@dataclass(frozen=True)
class Rule:
    """What a metric must be: one of <=, >=, <, > and a finite number."""

    operator: str
    value: float

    def met(self, measured: float) -> bool:
        """Whether `measured` obeys; NaN never does."""
        return {
            "<=": measured <= self.value,
            ">=": measured >= self.value,
            "<": measured < self.value,
            ">": measured > self.value,
        }[self.operator]

    def __str__(self) -> str:
        return f"{self.operator} {self.value:g}"


def parse(value: object) -> Rule:
    """Return the rule that a text means; ValueError says what is expected."""
    if isinstance(value, Rule):
        return value
    found = RULE.fullmatch(value) if isinstance(value, str) else None
    try:
        number = float(found[2]) if found else math.nan
    except ValueError:
        number = math.nan
    if not found or not math.isfinite(number):
        raise ValueError(EXPECTED)
    return Rule(found[1], number)


Metric = Literal["rmse", "mae", "r2", "coverage", "width"]


class Register(Table):
    """`[register]`: under which name, and through which gates."""

    name: Title = Field(description="The model's name in the registry.")
    require: dict[Metric, Annotated[Rule, PlainValidator(parse, json_schema_input_type=str)]] = (
        Field(default_factory=dict, description='Gates on test metrics: { rmse = "<= 6.0" }.')
    )
    better_than: Title | None = Field(
        None, description="An alias, such as production, whose version must be beaten."
    )
