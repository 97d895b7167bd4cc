"""Finished steps on disk, found by what went into them.

An entry is built elsewhere and renamed into place: one that exists is whole, nobody needs a lock,
and when two runs finish the same step the first one wins. Beside the outputs stands the recipe,
readable, so that people can see what an entry is made of. An entry whose bytes are not those that
were written, be it by a flipped bit or by a power cut, is put aside with a warning, and the step
runs again: that is why nothing here waits for the disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from concrete_cli import digest, disk, documents, formats
from concrete_cli.errors import Damaged

Recipe = Mapping[str, Any]
LOG = logging.getLogger("concrete")


@dataclass(frozen=True)
class Entry:
    """A finished step: `step.json`, `log.txt` and the folders in `outputs/`."""

    path: Path

    @property
    def key(self) -> str:
        """The digest of the recipe."""
        return self.path.name

    @cached_property
    def record(self) -> dict[str, Any]:
        """What step.json says: step, run, seconds, created, recipe, outputs, its own sha256."""
        return documents.read(self.path / "step.json", formats.ENTRY, sealed=True)

    @property
    def failure(self) -> str:
        """Why the step came to a failure that may pass; others read it, but it is not reused."""
        return str(self.record.get("failure", ""))

    @property
    def unlisted(self) -> list[str]:
        """The files that the step has used and that its recipe does not hold: it is not reused."""
        return list(self.record.get("unlisted", ()))

    @property
    def log(self) -> Path:
        """What the script printed."""
        return self.path / "log.txt"

    def output(self, name: str) -> Path:
        """Return the folder of an output."""
        return self.path / "outputs" / name

    def file(self, output: str, name: str) -> bytes:
        """Return the bytes of a file in an output if they are those that were written."""
        found = documents.raw(self.output(output) / name)
        if hashlib.sha256(found).hexdigest() != self.record["outputs"].get(output, {}).get(name):
            raise Damaged(f"{self.output(output) / name} has changed")
        return found

    def damage(self) -> str:
        """Say what is not as it was written, in a few words; nothing when all is well."""
        try:
            record = documents.read(
                self.path / "step.json", formats.ENTRY, sealed=True, name="step.json"
            )
        except (OSError, Damaged) as error:
            return str(error)
        vars(self)["record"] = record  # what was checked is what is read from now on
        damaged = (self.damage_of(name, files) for name, files in record["outputs"].items())
        return next(filter(None, damaged), "")

    def damage_of(self, output: str, files: Mapping[str, str] | None = None) -> str:
        """Say what is not as it was written in one output."""
        files = self.record["outputs"][output] if files is None else files
        found = digest.of_files(self.output(output))
        for file in sorted(files.keys() | found.keys()):
            if files.get(file) != found.get(file):
                word = "is missing" if file not in found else "has changed"
                return f"outputs/{output}/{file} {word if file in files else 'was added'}"
        return ""


class Cache:
    """All entries below a home."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "cache"
        self.scratch = home / "tmp"

    def find(self, recipe: Recipe) -> Entry | None:
        """Return the whole entry of a recipe; a damaged one is put aside and not returned."""
        entry = Entry(self._place(digest.of_json(recipe)))
        if not entry.path.is_dir():
            return None
        if damage := entry.damage():
            LOG.warning(
                "cache entry %s is damaged: %s; the step runs again", entry.key[:12], damage
            )
            with contextlib.suppress(OSError):  # where nothing can be written it may as well stay
                self.forget(entry)
            return None
        return entry

    def entry(self, key: str) -> Entry:
        """Return the entry with a key that a run has written down, whether it is there or not."""
        return Entry(self._place(key))

    def entries(self) -> Iterator[Entry]:
        """Yield every entry."""
        yield from (Entry(path) for path in sorted(self.folder.glob("??/*")) if path.is_dir())

    def store(
        self, work: Path, recipe: Recipe, facts: Mapping[str, Any], *, replace: bool = False
    ) -> Entry:
        """Make an entry of a work folder that holds `outputs/` and `log.txt`; the folder is gone.

        `recipe["outputs"]` names the folders in `outputs/`; what else is there is not kept. When
        an entry of this recipe is there already, that one stays and is returned, unless it is a
        failure, damaged, or not reused, or the step was run anew to `replace` it.
        """
        disk.leave_only(("outputs", "log.txt"), work)
        disk.leave_only(recipe["outputs"], work / "outputs")
        disk.protect(work / "outputs")
        record = {
            **facts,
            "created": time.time(),
            "recipe": recipe,
            "outputs": {
                name: digest.of_files(work / "outputs" / name) for name in recipe["outputs"]
            },
        }
        record["sha256"] = digest.of_json(record)
        (work / "step.json").write_text(disk.as_lines(record), encoding="utf-8")
        entry = Entry(self._place(digest.of_json(recipe)))
        if not entry.path.parent.is_dir():
            entry.path.parent.mkdir(parents=True, exist_ok=True)
        old: Path | None = None
        if entry.path.is_dir():
            damage = entry.damage()
            if replace or damage or entry.failure or entry.unlisted:
                if not damage and entry.record["outputs"] == record["outputs"]:
                    return self._renew(entry, work)
                with contextlib.suppress(FileNotFoundError):  # somebody else was quicker
                    old = disk.take_away(entry.path, self.scratch)
        disk.failpoint("cache:rename")
        try:
            work.rename(entry.path)
        except OSError:
            if not entry.path.is_dir():
                raise
            disk.remove(work)
        disk.failpoint("cache:renamed")
        if old:
            disk.remove(old)  # only now, so that others miss the entry for no longer than needed
        return Entry(entry.path)  # `entry` may remember the record of the one that it replaced

    def forget(self, entry: Entry) -> None:
        """Remove an entry at once for everybody, however large it is."""
        with contextlib.suppress(FileNotFoundError):  # somebody else was quicker
            disk.put_aside(entry.path, self.scratch)

    def _renew(self, entry: Entry, work: Path) -> Entry:
        """Note that the step ran again and came to the same; others may be reading its outputs."""
        for name in ("log.txt", "step.json"):
            with contextlib.suppress(FileNotFoundError):
                (work / name).replace(entry.path / name)
            disk.failpoint(f"cache:renew:{name}")
        disk.remove(work)
        return Entry(entry.path)

    def _place(self, key: str) -> Path:
        return self.folder / key[:2] / key


def content(entry: Entry, output: str) -> str:
    """Return the digest of an output's content, from the record."""
    return digest.of_json(entry.record["outputs"][output])
