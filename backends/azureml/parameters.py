"""Which parameters of a plan may be given when its run is started. No SDK in here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from concrete_cli.errors import nearest
from concrete_cli.plan import Plan, Step


class Parameters:
    """`NAME` opens a parameter of every step that has it, `STEP.NAME` that of one step."""

    def __init__(self, names: tuple[str, ...], plan: Plan) -> None:
        self.names, self.plan = names, plan

    @property
    def defaults(self) -> list[tuple[str, str]]:
        """The name of each open parameter in Azure, and its value when nobody gives one.

        Values are text, as on a command line: the SDK would turn a boolean into a number.
        """
        found = {made: step.params[name] for step in self.plan.steps
                 for name, made in self.of(step).items()}  # fmt: skip
        return [(made, text(value)) for made, value in sorted(found.items())]

    def of(self, step: Step) -> dict[str, str]:
        """Return which parameters of a step are open, and what they are called in Azure."""
        found = {name: name for name in step.params if name in self.names}
        own = {name: f"{step.name}_{name}" for name in step.params
               if f"{step.name}.{name}" in self.names}  # fmt: skip
        return found | own

    def problems(self) -> Iterator[str]:
        """Yield what is wrong with the names."""
        known = {name for step in self.plan.steps for name in step.params}
        known |= {f"{step.name}.{name}" for step in self.plan.steps for name in step.params}
        for name in self.names:
            if name not in known:
                hint = nearest(name, known) or f"there are: {', '.join(sorted(known))}"
                yield f"no step has a parameter {name!r}; {hint}"
                continue
            values = {text(step.params[name]) for step in self.plan.steps if name in step.params}
            if len(values) > 1:
                yield f"{name!r} is not the same in every step; name one: STEP.{name}"


def text(value: Any) -> str:
    """Return a value as the argument grammar writes it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
