"""The recipe of a step: everything that decides what its outputs are."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concrete_cli import code, digest, payload
from concrete_cli.plan import Item, Output, Step

Digest = Callable[[Item], str]
PYTHON = f"{sys.implementation.name} {platform.python_version()}"
# Of a step what does not decide which code it is made of.
APART = (
    *("name", "inputs", "outputs", "params", "after", "optional"),
    *("compute", "cpus", "timeout", "retries", "reuse"),
)
SHOWN = 3  # names of files in a line


@dataclass(frozen=True)
class Code:
    """What the script of a step is made of: its files, what can be imported ahead for it.

    `at_once` is what it imports as it starts; the rest of `ahead` it imports inside functions.
    """

    script: Path
    files: Mapping[str, Path]
    ahead: tuple[str, ...]
    at_once: tuple[str, ...]
    digests: Mapping[str, str]
    versions: Mapping[str, str]


class Recipes:
    """The recipes of the steps of a plan; code that several have is looked at once for all."""

    def __init__(self) -> None:
        self._known: dict[str, Code] = {}

    def look_again(self) -> None:
        """Forget what was seen: files may have been edited since."""
        self._known.clear()

    def code(self, step: Step) -> Code:
        """Return what a step is made of."""
        key = repr([value for name, value in vars(step).items() if name not in APART])
        if key not in self._known:
            files = code.made_of(step)
            self._known[key] = Code(
                payload.script(step.script),
                files,
                code.ahead(files, step.libraries),
                code.ahead(files, step.libraries, late=False),
                {name: digest.of_file(path) for name, path in sorted(files.items())},
                code.versions(code.libraries(files, step.libraries)),
            )
        return self._known[key]

    def of(self, step: Step, content: Digest) -> dict[str, Any]:
        """Return the recipe of a step; `content` gives the digest of what an input holds.

        Names of the folders on this machine are no part of it, nor are the processors it may use.
        """
        made = self.code(step)
        before = {name: content(Output(name, "")) for name in step.after}
        return {
            "script": made.script.name,
            "code": dict(made.digests),
            "params": dict(step.params),
            "inputs": {name: content(item) for name, item in step.items()},
            **({"after": before} if before else {}),
            "outputs": sorted(output.name for output in step.outputs),
            "python": PYTHON,
            "versions": dict(made.versions),
        }


def not_reused(step: Step, unlisted: Iterable[str]) -> str:
    """Say, in a few words, why a finished step runs again: it used more than its recipe holds."""
    own = [payload.script(step.script), *map(Path, step.modules)]
    folders = [str(path.parent) for path in own]
    names = [code.name_below(Path(path), folders) for path in unlisted]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"used files that are not in its recipe: {', '.join(names[:SHOWN])}{more}"


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
