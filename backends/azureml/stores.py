"""Datastores that outputs are sent to: whether they are there, and can be read from again."""

from __future__ import annotations

from concrete_cli import destinations
from concrete_cli.errors import ConcreteError
from concrete_cli.plan import Plan

from .client import Client
from .errors import status_of


def problems(client: Client, plan: Plan) -> list[tuple[str, str]]:
    """Return what is wrong with the destinations of a plan, with the dotted keys; asks Azure."""
    outputs = [output for step in plan.steps for output in step.outputs]
    table = client.settings.destinations
    # A model is registered by copying it here first.
    needed = destinations.stores(table, plan.publishes.values())
    return [
        (f"destinations.{pattern}", text)
        for pattern, name in destinations.stores(table, outputs).items()
        if (text := _problem(client, name, needed=pattern in needed))
    ]


def _problem(client: Client, name: str, *, needed: bool) -> str:
    try:
        store = client.datastore(name)
    except ConcreteError as error:
        if status_of(error) != 404 and "not found" not in str(error).lower():
            raise
        return f"there is no datastore {name!r}"
    if needed and not hasattr(store, "download"):
        return f"{name} is a data lake, from which SDK v1 can register no model"
    return ""
