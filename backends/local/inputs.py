"""Where the inputs of a step are, and what is in them, while a run goes on."""

from __future__ import annotations

import contextlib
from pathlib import Path

from concrete_cli import cache, digest
from concrete_cli.cache import Entry
from concrete_cli.errors import Damaged
from concrete_cli.plan import Item, Output, Step

from . import sources


class Inputs:
    """The finished steps of a run, and the world outside. None: an optional step that failed."""

    def __init__(self, home: Path, nothing: Path) -> None:
        self.entries: dict[str, Entry | None] = {}
        self._home = home
        self._nothing = nothing

    def find(self, item: Item) -> Path:
        """Return the file or folder that a step reads."""
        if isinstance(item, Output):
            entry = self.entries[item.step]
            return entry.output(item.name) if entry else self._empty()
        return sources.find(item, self._home)

    def content(self, item: Item) -> str:
        """Return the digest of what a step reads; of a whole step, where the output has no name."""
        if isinstance(item, Output):
            entry = self.entries[item.step]
            if entry and not item.name:
                return entry.key
            return cache.content(entry, item.name) if entry else digest.of_json({})
        return sources.content(item, self._home)

    def damage(self, step: Step) -> str:
        """Say which finished step that this one reads is not any more as it was written."""
        for name, item in step.items():
            entry = self.entries[item.step] if isinstance(item, Output) else None
            if isinstance(item, Output) and entry and (damage := entry.damage_of(item.name)):
                return f"{name}: {damage}"
        return ""

    def overtaken(self, step: Step) -> bool:
        """Whether another run has put something else in the place of what this step reads.

        From now on that is what this run reads, too.
        """
        found = False
        for item in (item for _, item in step.items() if isinstance(item, Output)):
            before = self.entries[item.step]
            with contextlib.suppress(OSError, Damaged):
                if (
                    before
                    and (now := Entry(before.path)).record["outputs"] != (before.record["outputs"])
                ):
                    self.entries[item.step] = now
                    found = True
        return found

    def _empty(self) -> Path:
        self._nothing.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._nothing
