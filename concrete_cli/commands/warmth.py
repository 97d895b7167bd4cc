"""Keeping the libraries of an experiment imported; the local backend does the work."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from concrete_cli import code, execute
from concrete_cli.execute import Request
from concrete_cli.plan import Plan


def start(experiment: Path | None, home: Path | None, idle: float) -> dict[str, Any]:
    """Start a server that imports what the steps of the experiment import; return its status."""
    prepared = execute.prepare(Request("train", experiment, home))
    found: dict[str, Any] = resident().start(libraries(prepared.plan), idle)
    return found


def libraries(plan: Plan) -> list[str]:
    """Return the modules that the steps of a plan import, in the order in which they need them."""
    found: dict[str, None] = {}
    for step in plan.steps:
        found |= dict.fromkeys(code.ahead(code.made_of(step), step.libraries))
    return list(found)


def resident() -> ModuleType:
    """Return the part of the local backend that looks after the server that stays."""
    return import_module("concrete_cli.backends.local.resident")
