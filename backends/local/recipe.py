"""The recipe of a step: everything that decides what its outputs are."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Mapping
from typing import Any

from concrete_cli import code, digest, payload
from concrete_cli.plan import Item, Output, Step

Digest = Callable[[Item], str]


def recipe(step: Step, content: Digest) -> dict[str, Any]:
    """Return the recipe of a step; `content` gives the digest of what an input holds.

    Names of the folders on this machine are no part of it, nor are the processors it may use.
    """
    script = payload.script(step.script)
    files = code.made_of(step)
    before = {name: content(Output(name, "")) for name in step.after}
    return {
        "script": script.name,
        "code": {name: digest.of_file(path) for name, path in sorted(files.items())},
        "params": dict(step.params),
        "inputs": {name: content(item) for name, item in step.items()},
        **({"after": before} if before else {}),
        "outputs": sorted(output.name for output in step.outputs),
        "python": f"{sys.implementation.name} {platform.python_version()}",
        "versions": code.versions(code.libraries(files, step.libraries)),
    }


def differences(old: Mapping[str, Any], new: Mapping[str, Any], below: str = "") -> list[str]:
    """Say, a line an ingredient, what changed between two recipes of a step; of tables each key."""
    found: list[str] = []
    for part in sorted(old.keys() | new.keys()):
        name, before, after = below + part, old.get(part), new.get(part)
        if isinstance(before, dict) and isinstance(after, dict):
            found += differences(before, after, f"{name}.")
        elif before != after:
            found.append(_line(name, before, after))
    return found


def _line(name: str, before: Any, after: Any) -> str:
    if before is None:
        return f"{name}: new, {_short(after)}"
    if after is None:
        return f"{name}: gone, was {_short(before)}"
    return f"{name}: {_short(before)} -> {_short(after)}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    if len(text) == 64 and all(letter in "0123456789abcdef" for letter in text):
        return text[:12]  # a sha256 in hex
    return text
