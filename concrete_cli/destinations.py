"""Where in a cloud an output goes: `DATASTORE/path/{run}/{output}`, in any kind of datastore."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from concrete_cli.plan import Output

STORE = re.compile(r"[A-Za-z0-9_]+")
FIELD = re.compile(r"\{([^{}]*)\}")
KNOWN = ("run", "step", "output")
NEEDED = ("run", "output")


def problem(place: object) -> str:
    """Return what is wrong with a destination, or nothing."""
    if not isinstance(place, str):
        return f"expected DATASTORE/path/{{run}}/{{output}}, got {place!r}"
    store, _, path = place.partition("/")
    parts = path.split("/")
    fields = FIELD.findall(place)
    unknown = [name for name in fields if name not in KNOWN]
    missing = [f"{{{name}}}" for name in NEEDED if name not in fields]
    if not STORE.fullmatch(store) or not path:
        return f"expected DATASTORE/path/{{run}}/{{output}}, got {place!r}"
    if unknown:
        return f"{{{unknown[0]}}} stands for nothing; there are {{run}}, {{step}} and {{output}}"
    if re.search(r"[{}\\]", FIELD.sub("", path)) or not all(parts) or {".", ".."} & {*parts}:
        return f"{path!r} is no path in a datastore"
    if missing:
        return f"{' and '.join(missing)} must be in it, or one output would overwrite another"
    return ""


def problems(given: Any) -> Iterator[tuple[str, str]]:
    """Yield what is wrong in a backend's table of destinations, with the dotted key."""
    if not isinstance(given, Mapping):
        yield "destinations", 'expected a table: "STEP" = "DATASTORE/path/{run}/{output}"'
        return
    for glob, place in given.items():
        if text := problem(place):
            yield f"destinations.{glob}", text


def stores(table: Mapping[str, str], outputs: Iterable[Output]) -> dict[str, str]:
    """Return the datastores that the outputs go to, by the pattern of the table that says so."""
    places = {find(table, output) for output in outputs}
    return {pattern: place.partition("/")[0] for pattern, place in table.items() if place in places}


def find(table: Mapping[str, str], output: Output) -> str:
    """Return the destination of an output by a table of globs of STEP and STEP.OUTPUT, or ''."""
    for pattern, place in table.items():
        if any(fnmatchcase(name, pattern) for name in (output.step, str(output))):
            return place
    return ""


def written(table: Mapping[str, str], output: Output) -> str:
    """Return an output as a dry run shows it, with its mode and where it goes."""
    place = find(table, output)
    return f"{output} ({output.mode})" + (f" to {place}" if place else "")


def filled(path: str, run: str, step: str, output: str) -> str:
    """Return a path with its placeholders replaced."""
    values = {"run": run, "step": step, "output": output}
    return FIELD.sub(lambda match: values[match[1]], path)
