"""Errors as people read them on stderr, and as `--json` prints them on stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, TextIO

from concrete_cli.errors import (
    ConcreteError,
    ExperimentInvalid,
    GateNotMet,
    Problem,
    StepFailed,
    brief,
)
from concrete_cli.results import SCHEMA_VERSION
from concrete_cli.sources import urls
from concrete_cli.view import style


def document(error: ConcreteError) -> dict[str, Any]:
    """Return the JSON document of an error."""
    result = error.result if isinstance(error, GateNotMet) else {}
    facts = urls.without_secrets(error.document())
    return {
        "schema_version": SCHEMA_VERSION,
        **result,
        "error": _brief(facts) | {"exit_code": error.exit_code},
    }


def _brief(value: Any) -> Any:
    """Return a document whose texts fit on a screen each; the log of a step is cut already."""
    if isinstance(value, dict):
        return {key: _brief(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_brief(inner) for inner in value]
    return brief(value) if isinstance(value, str) else value


def show(error: ConcreteError, *, as_json: bool) -> None:
    """Print an error where the person, or the program, will look for it."""
    if as_json:
        print(style.json_text(document(error)))
        return
    for line in lines(error, sys.stderr):
        print(urls.hidden(line), file=sys.stderr)


def lines(error: ConcreteError, stream: TextIO) -> Iterator[str]:
    """Yield what a person reads of an error: what is wrong, and what to do."""
    red = style.paint("error", "red", "bold", stream=stream)
    if isinstance(error, ExperimentInvalid):
        yield from map(_problem, error.problems)
        if len(error.problems) > 1:
            yield f"{red}: {len(error.problems)} problems"
        return
    yield f"{red}: {brief(str(error))}"
    if isinstance(error, StepFailed):
        yield from (f"  | {style.harmless(line)}" for line in error.tail.splitlines())
        yield from [f"log: {error.log}"] if error.log else []
        yield from [f"replay: {error.replay}"] if error.replay else []
    if error.help:
        yield f"{style.paint('help', 'green', 'bold', stream=stream)}: {brief(error.help)}"


def _problem(problem: Problem) -> str:
    from concrete_cli.view import problems

    return problems.render(problem)
