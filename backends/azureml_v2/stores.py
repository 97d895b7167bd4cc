"""Datastores that outputs are sent to: whether they are there, and can be read from again."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from concrete_cli import destinations
from concrete_cli.errors import NotFound
from concrete_cli.plan import Plan

from .client import Client

RETIRED = "AzureDataLakeGen1"


def problems(client: Client, plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the destinations of a plan, with the dotted key; asks Azure."""
    outputs = [output for step in plan.steps for output in step.outputs]
    for pattern, name in destinations.stores(client.settings.destinations, outputs).items():
        if text := _problem(client, name):
            yield f"destinations.{pattern}", text


def _problem(client: Client, name: str) -> str:
    try:
        kind = client.datastore(name).type
    except NotFound:
        known = [one.name for one in client.call("list the datastores", _every)]
        near = get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(known))}"
        return f"there is no datastore {name!r}; {hint}"
    if kind == RETIRED:
        return f"{name} is a data lake gen1, which is no more: one of gen2, a blob store or a share"
    return ""


def _every(ml: Any) -> list[Any]:
    return list(ml.datastores.list())
