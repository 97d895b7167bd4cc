"""The registry: models on disk, in numbered versions that never change, and aliases that move.

    models/<name>/<n>/            a version: what the register step left (model.skops,
                                  manifest.json, metrics.json, sample.json, card.md),
                                  lineage.json, and version.json: when, from which run, and the
                                  sha256 of every file, itself included
    models/<name>/aliases.json    alias -> number
    models/<name>/newest.json     the number that was registered last, where it is not the highest
    models/<name>/removed.json    numbers that were deleted; they are never given again
    models/<name>/lock            held while a number is given or an alias moves

A version is built aside and renamed, so one that exists is whole. Numbers are given under the
lock: 1, 2, 3 ... without gaps, however many processes register at once. The sums find damage;
they do not stop somebody who may write here and changes the sums as well.
"""

from __future__ import annotations

import contextlib
import functools
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from concrete_cli import digest, disk, documents, formats, home, lines, locks, shape, syncing
from concrete_cli.errors import Damaged, NotFound, UsageError
from concrete_cli.registry.naming import LATEST, NAME, RULE, check_name, parse
from concrete_cli.registry.version import RECORD, Version
from concrete_cli.shape import COUNT

__all__ = ["FORMAT", "NAME", "RECORD", "Models", "Version", "check_name", "parse"]

FORMAT = 2  # from 2 on a record is under a sum of its own
NUMBER = re.compile(r"[1-9][0-9]{0,8}")


class Models:
    """All models below a home."""

    def __init__(self, home_: Path) -> None:
        self.home = home_
        self.folder = home_ / "models"

    def publish(
        self,
        name: str,
        folder: Path,
        facts: Mapping[str, Any] | None = None,
        texts: Mapping[str, str] | None = None,
    ) -> Version:
        """Make a version of the files in a folder; the same content, whole, is the same version.

        What was registered last is the newest version, also when it was there already.
        `facts` (run ...) go into version.json; `texts` are files to add, by their names: what a
        version is remembered by, but no part of what makes it the same or another one.
        """
        place = self._place(name)
        content = digest.of_json(digest.of_files(folder))
        with home.in_use(self.home):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._locked(name):
                for version in self._versions(name):
                    if _is_of(version, content):
                        self._renew(version)
                        return version
                number = self._highest(name) + 1
                scratch = self.home / "tmp" / f"model-{uuid.uuid4().hex}"
                try:
                    shutil.copytree(folder, scratch, copy_function=shutil.copyfile)
                    record = {"format": FORMAT, "name": name, "number": number}
                    created = datetime.now().astimezone().isoformat(timespec="seconds")
                    record |= {"created": created, "content": content, **(facts or {})}
                    _finish(scratch, record, texts or {})
                    disk.failpoint("model:rename")
                    scratch.rename(place / str(number))
                finally:
                    disk.remove(scratch)
                disk.failpoint("model:renamed")
                for folder_ in (place, self.folder):
                    disk.sync_folder(folder_)
        return Version(place / str(number))

    def find(self, ref: str) -> Version:
        """Return the version that NAME (the newest), NAME:N or NAME@ALIAS stands for."""
        name, number, alias = parse(ref)
        numbers = self._numbers(name)
        if not numbers:
            none = f"no model is registered yet: {lines.first('finetune', self.home)}"
            help_ = "" if self.names() else none
            raise NotFound("model", name, self.names(), help=help_)
        if alias and alias != LATEST:
            aliases = self.aliases(name)
            if alias not in aliases:
                raise NotFound("model", ref, [f"{name}@{one}" for one in [*aliases, LATEST]])
            number = aliases[alias]
        number = number or self._newest(name, numbers)
        if number not in numbers:
            raise NotFound("model", f"{name}:{number}", [f"{name}:{one}" for one in numbers])
        return Version(self._place(name) / str(number))

    def load(self, ref: str) -> Version:
        """Find a version and check every sum: what is handed out to be used."""
        version = self.find(ref)
        if damage := version.damage():
            raise Damaged(f"model {version.ref} is damaged: {damage}")
        return version

    def all(self, name: str = "") -> list[Version]:
        """Return all versions, by name, the newest of each first."""
        names = [name] if name else self.names()
        return [version for one in names for version in self._versions(one)]

    def names(self) -> list[str]:
        """Return the names of all models that have a version."""
        if not self.folder.is_dir():
            return []
        found = sorted(path.name for path in self.folder.iterdir() if NAME.fullmatch(path.name))
        return [name for name in found if self._numbers(name)]

    def aliases(self, name: str) -> dict[str, int]:
        """Return alias -> number of a model."""
        found = self._read(name, "aliases.json", formats.ALIASES)
        return dict(found["aliases"]) if found else {}

    def aliases_of(self, version: Version) -> list[str]:
        """Return the aliases that stand for a version."""
        known = self.aliases(version.name)
        return [alias for alias, number in known.items() if number == version.number]

    def was_registered_again(self, version: Version) -> bool:
        """Whether a version is the newest though others have a higher number."""
        numbers = self._numbers(version.name)
        return self._newest(version.name, numbers) == version.number != max(numbers)

    def tag(self, name: str, number: int, alias: str) -> Version:
        """Let an alias stand for a version, and for no other any more."""
        version = self.find(f"{name}:{number}")
        if not NAME.fullmatch(alias) or alias == LATEST:
            raise UsageError(f"{alias!r} cannot be an alias", help=f"{RULE}; not {LATEST}")
        with self._locked(name):
            self.find(version.ref)  # nobody may have deleted it meanwhile
            self._write_aliases(name, self.aliases(name) | {alias: number})
        return version

    def untag(self, name: str, alias: str) -> None:
        """Take an alias away."""
        with self._locked(name):
            aliases = self.aliases(name)
            if alias not in aliases:
                raise NotFound("model", f"{name}@{alias}", [f"{name}@{one}" for one in aliases])
            del aliases[alias]
            self._write_aliases(name, aliases)

    def check_free(self, version: Version) -> None:
        """Refuse a version that has an alias."""
        if held := self.aliases_of(version):
            untag = (f"{version.name}@{alias}" for alias in held)
            hint = "; ".join(lines.line("models", "untag", one, home=self.home) for one in untag)
            raise UsageError(f"{version.ref} is {version.name}@{held[0]}", help=f"first: {hint}")

    def delete(self, version: Version) -> None:
        """Remove a version for good; its number is never given again."""
        name, number = version.name, version.number
        with self._locked(name):
            self.find(version.ref)
            self.check_free(version)
            removed = sorted({*self._removed(name), number})
            facts = {"format": FORMAT, "removed": removed}
            documents.write(self._place(name) / "removed.json", facts)
            disk.failpoint("model:removed")
            aside = self.home / "tmp" / f"model-{uuid.uuid4().hex}"
            version.path.rename(aside)
        disk.remove(aside)

    def _versions(self, name: str) -> list[Version]:
        place = self._place(name)
        return [Version(place / str(number)) for number in self._numbers(name)]

    def damage(self, name: str) -> list[str]:
        """Say which documents of a model, besides its versions, are not as they were written."""
        looks = (self.aliases, self._removed, lambda name: self._newest(name, self._numbers(name)))
        found = (documents.damage(functools.partial(look, name)) for look in looks)
        return list(dict.fromkeys(filter(None, found)))

    def _numbers(self, name: str) -> list[int]:
        """Return the numbers there are, the newest first."""
        place = self._place(name)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            there = {int(path.name) for path in place.iterdir() if NUMBER.fullmatch(path.name)}
            with contextlib.suppress(Damaged):  # then all that is there is shown
                there -= self._removed(name)
            return sorted(there, reverse=True)
        return []

    def _highest(self, name: str) -> int:
        """Return the highest number that was ever given."""
        return max([0, *self._numbers(name), *self._removed(name)])

    def _newest(self, name: str, numbers: list[int]) -> int:
        """Return which of these numbers was registered last."""
        found = self._read(name, "newest.json", formats.NEWEST)
        if found and found["of"] == self._highest(name) and found["number"] in numbers:
            return int(found["number"])
        return max(numbers)

    def _renew(self, version: Version) -> None:
        """Let a version that is registered again be the newest; the next new one takes over."""
        if self._newest(version.name, self._numbers(version.name)) != version.number:
            facts = {"number": version.number, "of": self._highest(version.name)}
            file = self._place(version.name) / "newest.json"
            documents.write(file, {"format": FORMAT, **facts})

    def _removed(self, name: str) -> set[int]:
        found = self._read(name, "removed.json", formats.REMOVED)
        return set(found["removed"]) if found else set()

    def _write_aliases(self, name: str, aliases: Mapping[str, int]) -> None:
        facts = {"format": FORMAT, "aliases": dict(sorted(aliases.items()))}
        documents.write(self._place(name) / "aliases.json", facts)

    def _read(self, name: str, file: str, expected: Any) -> dict[str, Any] | None:
        """Return a document of a model; None: there is none.

        The first format had neither a sum nor a name for what it held.
        """
        path = self._place(name) / file
        try:
            content = documents.raw(path)
        except FileNotFoundError:
            return None
        found = documents.parse(content, str(path))
        before = {"aliases.json": {"*": COUNT}, "removed.json": [COUNT]}.get(file)
        if before and not shape.problem(found, before):
            return {file.removesuffix(".json"): found}
        return documents.checked(content, expected, str(path))

    def _place(self, name: str) -> Path:
        return self.folder / check_name(name)

    @contextlib.contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        if not self._place(name).is_dir():
            raise NotFound("model", name, self.names())
        with locks.hold(self._place(name) / "lock", wait=True):
            yield


def _is_of(version: Version, content: str) -> bool:
    """Whether a version holds this content, whole."""
    with contextlib.suppress(Damaged):
        return version.record["content"] == content and not version.damage()
    return False


def _finish(scratch: Path, record: dict[str, Any], texts: Mapping[str, str]) -> None:
    """Add the texts and version.json to a folder that becomes a version; make it read-only."""
    for name, text in texts.items():
        (scratch / name).write_text(text, encoding="utf-8")
    files = {"added": sorted(texts), "files": digest.of_files(scratch)}
    documents.write(scratch / RECORD, record | files)
    syncing.bring(scratch)
    disk.protect(scratch)
    scratch.chmod(0o700)
