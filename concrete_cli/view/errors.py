"""Errors as people read them on stderr, and as `--json` prints them on stdout."""

from __future__ import annotations

import json
import sys
from typing import Any

from concrete_cli.errors import ConcreteError, ExperimentInvalid, GateNotMet, Problem, StepFailed
from concrete_cli.results import SCHEMA_VERSION
from concrete_cli.view import style


def document(error: ConcreteError) -> dict[str, Any]:
    """Return the JSON document of an error."""
    result = error.result if isinstance(error, GateNotMet) else {}
    return {
        "schema_version": SCHEMA_VERSION,
        **result,
        "error": error.document() | {"exit_code": error.exit_code},
    }


def show(error: ConcreteError, *, as_json: bool) -> None:
    """Print an error where the person, or the program, will look for it."""
    if as_json:
        print(json.dumps(document(error), indent=2, ensure_ascii=False))
        return
    if isinstance(error, ExperimentInvalid):
        for problem in error.problems:
            print(_problem(problem), file=sys.stderr)
        if len(error.problems) > 1:
            print(f"{_red('error')}: {len(error.problems)} problems", file=sys.stderr)
        return
    print(f"{_red('error')}: {error}", file=sys.stderr)
    if isinstance(error, StepFailed):
        _show_step(error)
    if error.help:
        print(f"{_green('help')}: {error.help}", file=sys.stderr)


def _show_step(error: StepFailed) -> None:
    for line in error.tail.splitlines():
        print(f"  | {style.harmless(line)}", file=sys.stderr)
    if error.log:
        print(f"log: {error.log}", file=sys.stderr)
    if error.replay:
        print(f"replay: {error.replay}", file=sys.stderr)


def _problem(problem: Problem) -> str:
    from concrete_cli.view import problems

    return problems.render(problem)


def _red(text: str) -> str:
    return style.paint(text, "red", "bold", stream=sys.stderr)


def _green(text: str) -> str:
    return style.paint(text, "green", "bold", stream=sys.stderr)
