"""Search expressions, by the names that Azure ML's sweeps use.

    choice(1, 2, 3)               one of the values
    uniform(low, high)            any number between
    loguniform(low, high)         exp(uniform(low, high)): low and high are natural logarithms
    quniform(low, high, q)        round(uniform(low, high) / q) * q
    qloguniform(low, high, q)     round(exp(uniform(low, high)) / q) * q
    normal(mu, sigma)             a number around mu
    lognormal(mu, sigma)          exp(normal(mu, sigma))
    qnormal(mu, sigma, q)         round(normal(mu, sigma) / q) * q
    randint(upper)                a whole number from 0 up to, not including, upper

The same as a table, as in Azure ML's YAML: `{ type = "uniform", min_value = 0, max_value = 1 }`.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from concrete_cli.config.words import Wrong
from concrete_cli.errors import nearest

ARGUMENTS = {
    "choice": ("values",),
    "uniform": ("min_value", "max_value"),
    "loguniform": ("min_value", "max_value"),
    "quniform": ("min_value", "max_value", "q"),
    "qloguniform": ("min_value", "max_value", "q"),
    "normal": ("mu", "sigma"),
    "lognormal": ("mu", "sigma"),
    "qnormal": ("mu", "sigma", "q"),
    "randint": ("upper",),
}
LARGEST_LOG = 700  # exp of more is not a number any more
LARGEST = 1e15
LOGARITHMS = "from 0.001 to 0.1 is loguniform(-6.9, -2.3)"


@dataclass(frozen=True)
class Search:
    """One parsed expression; `arguments` are named as in Azure ML's YAML."""

    type: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return JSON data as Azure ML's YAML has it: `{"type": "normal", "mu": 0, ...}`."""
        return {"type": self.type, **self.arguments}


def parse(value: object) -> Search:
    """Return what a text or a table means; Wrong (a ValueError) says what is wrong."""
    if isinstance(value, Search):
        return value
    if isinstance(value, str):
        name, given = _call(value)
    elif isinstance(value, dict):
        name, given = _table(value)
    elif isinstance(value, list):
        name, given = "choice", {"values": value}
    else:
        raise Wrong('expected a search expression such as "uniform(0, 1)"')
    _check(name, given)
    return Search(name, given)


def _call(text: str) -> tuple[str, dict[str, Any]]:
    try:
        call = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        call = None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise Wrong('expected a search expression such as "uniform(0, 1)"')
    name = call.func.id
    names = _arguments_of(name)
    try:
        values = [ast.literal_eval(argument) for argument in call.args]
        named = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
    except (ValueError, TypeError, SyntaxError, RecursionError):
        raise Wrong(f"expected plain values in {name}(...), not expressions") from None
    if name == "choice" and not named:
        single = len(values) == 1 and isinstance(values[0], list | tuple)
        return name, {"values": list(values[0]) if single else values}
    given = dict(zip(names, values, strict=False))
    if len(values) > len(names) or set(given) & set(named) or {*given, *named} != set(names):
        raise Wrong(f"expected {signature(name)}")
    return name, {key: {**given, **named}[key] for key in names}


def _table(table: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    name = table.get("type")
    if not isinstance(name, str):
        raise Wrong('expected a search expression with a type: { type = "uniform", ... }')
    names = _arguments_of(name)
    if {*table} != {"type", *names}:
        raise Wrong(f"expected the keys type, {', '.join(names)} for {name}")
    return name, {key: table[key] for key in names}


def _arguments_of(name: str) -> tuple[str, ...]:
    if name not in ARGUMENTS:
        hint = nearest(name, ARGUMENTS) or f"there are: {', '.join(ARGUMENTS)}"
        raise Wrong(f"there is no search expression {name!r}", hint)
    return ARGUMENTS[name]


def signature(name: str) -> str:
    """Return how an expression is written."""
    words = {"min_value": "low", "max_value": "high", "values": "value, value, ..."}
    return f"{name}({', '.join(words.get(word, word) for word in ARGUMENTS[name])})"


def _check(name: str, given: Mapping[str, Any]) -> None:
    if name == "choice":
        _check_choice(given["values"])
        return
    for value in given.values():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or abs(value) > LARGEST:
            raise Wrong(f"expected {signature(name)} with numbers")
    low, high = given.get("min_value", 0), given.get("max_value", 1)
    if low >= high:
        raise Wrong(f"low {low} is not below high {high} in {signature(name)}")
    if "log" in name and max(map(abs, (low, high, given.get("mu", 0)))) > LARGEST_LOG:
        raise Wrong(f"expected natural logarithms in {signature(name)}", LOGARITHMS)
    for word in ("sigma", "q"):
        if given.get(word, 1) <= 0:
            raise Wrong(f"expected {word} > 0 in {signature(name)}")
    upper = given.get("upper", 1)
    if not isinstance(upper, int) or upper < 1:
        raise Wrong("expected a whole number of at least 1 in randint(upper)")


def _check_choice(values: object) -> None:
    if not isinstance(values, list) or not values:
        raise Wrong("expected choice(value, value, ...)")
    for value in values:
        finite = not isinstance(value, float) or math.isfinite(value)
        if not finite or not isinstance(value, str | int | float | bool | list | tuple | None):
            raise Wrong("expected text, numbers, true, false or lists in choice(...)")
