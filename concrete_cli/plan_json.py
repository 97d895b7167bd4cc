"""A plan as JSON data, and back: what a run keeps in plan.json.

Outputs are `{name: mode}`; an input is `{"output": "step.output"}` or `{"source": "uri"}`, or a
list of such.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from concrete_cli import documents, formats
from concrete_cli.errors import Damaged, ExperimentInvalid
from concrete_cli.plan import Item, Output, Plan, Source, Step


def document(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON data; `from_document` is its inverse."""
    return {
        "name": plan.name,
        "steps": [_step_document(step) for step in plan.steps],
        "publishes": {name: str(output) for name, output in plan.publishes.items()},
    }


def from_document(document: Mapping[str, Any]) -> Plan:
    """Return the plan that `document` wrote down."""
    steps = tuple(_step_from(entry) for entry in document["steps"])
    outputs = {str(output): output for step in steps for output in step.outputs}
    publishes = {name: outputs[text] for name, text in document["publishes"].items()}
    return Plan(document["name"], steps, publishes)


def from_bytes(content: bytes, name: str, *, trusted: bool = False) -> Plan:
    """Return the plan in the bytes of a file; `trusted` are those that are what we have written."""
    try:
        if trusted:
            return from_document(json.loads(content))
        return from_document(documents.checked(content, formats.PLAN, name))
    except (ExperimentInvalid, KeyError, TypeError, ValueError) as error:
        raise Damaged(f"{name}: is not a plan: {error}") from error


def _step_document(step: Step) -> dict[str, Any]:
    document = dict(vars(step))
    document["inputs"] = {
        name: [_item_document(item) for item in given]
        if isinstance(given, tuple)
        else _item_document(given)
        for name, given in step.inputs.items()
    }
    document["outputs"] = {output.name: output.mode for output in step.outputs}
    return document


def _item_document(item: Item) -> dict[str, str]:
    return {"source": item.uri} if isinstance(item, Source) else {"output": str(item)}


def _item_from(document: Mapping[str, str]) -> Item:
    if "source" in document:
        return Source(document["source"])
    step, _, name = document["output"].partition(".")
    return Output(step, name)


def _step_from(document: Mapping[str, Any]) -> Step:
    fields = dict(document)
    fields["inputs"] = {
        name: tuple(_item_from(one) for one in given)
        if isinstance(given, list)
        else _item_from(given)
        for name, given in document["inputs"].items()
    }
    fields["outputs"] = tuple(
        Output(document["name"], name, mode) for name, mode in document["outputs"].items()
    )
    fields |= {
        name: tuple(document.get(name, ())) for name in ("modules", "libraries", "files", "after")
    }
    return Step(**fields)
