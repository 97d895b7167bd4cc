"""The registry of a cloud, in the words of the one here (`commands.catalogue`).

Azure knows tags, and no aliases: an alias is the tag `alias.NAME` of the one version that has it.
Moving one is two requests there, not one: for a moment two versions may have it, and the newer one
is meant then. The SDK v2 cannot delete a version; it archives it, so that it is listed no more.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from concrete_cli import digest, documents, formats, lines
from concrete_cli.backend import Backend
from concrete_cli.errors import BackendUnavailable, Damaged, NotFound, UsageError
from concrete_cli.registry import file as model_file
from concrete_cli.registry.facts import TEST, of_folder, read
from concrete_cli.registry.naming import LATEST, NAME, RULE, parse, single

MANIFEST = "manifest.json"
SERVES = "serves"  # the tag of what an endpoint was made of: it is no model to choose


class CloudRegistry:
    """The models of a backend elsewhere."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._there: Any = getattr(backend, "models", None)
        if not hasattr(self._there, "pull"):
            message = f"backend {backend.name} has no registry of its own"
            raise BackendUnavailable(message, help="--backend azureml or azureml-v2")

    def listed(self, name: str = "") -> list[dict[str, Any]]:
        """Return name, version, aliases, created, metrics and run of each version, newest first."""
        if name:
            self.find(name)  # NotFound names the nearest
        return [_facts(one) for one in self._versions(name)]

    def find(self, ref: str) -> Any:
        """Return the version that NAME (the newest), NAME:N or NAME@ALIAS stands for."""
        name, number, alias = parse(ref)
        found = self._versions(name)
        if not found:
            raise NotFound(f"model in {self._backend.name}", name, self.names())
        for one in found:
            if alias in ("", LATEST, *one.aliases) and number in (0, one.version):
                return one
        known = [f"{name}@{alias}" for one in found for alias in one.aliases]
        raise NotFound("model", ref, [*known, *(f"{name}:{one.version}" for one in found)])

    def _versions(self, name: str = "") -> list[Any]:
        return [one for one in self._there.list(name) if SERVES not in one.tags]

    def names(self) -> list[str]:
        """Return what models are called there."""
        return sorted({one.name for one in self._versions()})

    @contextlib.contextmanager
    def files(self, found: Any) -> Iterator[Path]:
        """Yield a folder with the files of a version, for as long as they are looked at."""
        with tempfile.TemporaryDirectory(prefix="concrete-") as scratch:
            folder = Path(scratch) / "model"
            self._there.pull(f"{found.name}@{found.version}", folder)
            yield folder

    def shown(self, ref: str) -> dict[str, Any]:
        """Return all that is known of one version; its files are fetched to look into them."""
        found = self.find(ref)
        with self.files(found) as folder:
            known: dict[str, Any] = {
                "path": f"{self._backend.name}:{found.name}:{found.version}",
                "damage": _damage(folder, found.tags) or None,
                "files": digest.of_files(folder),
                "content": found.tags.get("content"),
            }
            return _facts(found, folder) | known | of_folder(folder, known["path"])

    def tag(self, ref: str, alias: str) -> dict[str, Any]:
        """Let an alias stand for a version; return name and version."""
        found = self.find(ref)
        if not NAME.fullmatch(alias) or alias == LATEST:
            raise UsageError(f"{alias!r} cannot be an alias", help=f"{RULE}; not {LATEST}")
        self._there.tag(found.name, found.version, alias)
        return _of(found)

    def untag(self, name: str, alias: str) -> None:
        """Take an alias away."""
        if alias == LATEST:
            raise UsageError(f"{LATEST} is no alias, it is the newest version")
        found = self.find(f"{name}@{alias}")
        self._there.untag(found.name, alias)

    def verified(self, ref: str = "") -> list[dict[str, Any]]:
        """Return of each version, or of one, whether its files are as they were registered."""
        wanted = [self.find(ref)] if ref else self._versions()
        rows = []
        for found in wanted:
            with self.files(found) as folder:
                if not ref and not (folder / MANIFEST).is_file():
                    continue  # other tools keep models in a workspace as well
                rows.append(_of(found) | {"damage": _damage(folder, found.tags) or None})
        return rows

    def going(self, ref: str) -> dict[str, Any]:
        """Return name and version of what may be deleted: it has no alias."""
        found = self.find(single(ref))
        if found.aliases:
            name, alias = found.name, found.aliases[0]
            hint = lines.line("models", "untag", f"{name}@{alias}", backend=self._backend.name)
            raise UsageError(f"{ref} is {name}@{alias}", help=f"first: {hint}")
        return _of(found)

    def delete(self, ref: str) -> dict[str, Any]:
        """Remove a version that has no alias; return name and version, `archived` if it is kept."""
        self.going(ref)
        found = self.find(single(ref))
        archived = self._there.delete(found.name, found.version)
        return _of(found) | ({"archived": True} if archived else {})


def _of(found: Any) -> dict[str, Any]:
    return {"name": found.name, "version": found.version}


def _facts(found: Any, folder: Path | None = None) -> dict[str, Any]:
    """Return what the list says of a version: as far as its tags, or its files, know it."""
    metrics: Mapping[str, Any] = {}
    if folder and (folder / "metrics.json").is_file():
        metrics = read(folder, "metrics.json", formats.METRICS, f"{found.name}:{found.version}")
    else:
        metrics = {name: _number(found.tags.get(name)) for name in TEST}
    said = any(metrics.get(name) is not None for name in TEST)
    return _of(found) | {
        "aliases": list(found.aliases),
        "created": found.created or None,
        "metrics": {name: metrics.get(name) for name in TEST} if said else None,
        "run": found.tags.get("concrete_run") or found.tags.get("run") or None,
    }


def _damage(folder: Path, tags: Mapping[str, str]) -> str:
    """Say what is not as it was registered; where nothing is known of it, that it is no model."""
    if not (folder / MANIFEST).is_file():
        return "is no model of concrete"
    try:
        manifest = documents.read(folder / MANIFEST, formats.MANIFEST, name=MANIFEST)
        listed: dict[str, str] = manifest.get("files") or {}
        model_file.own_code(folder, manifest)
    except Damaged as error:
        return str(error)
    there = digest.of_files(folder)
    for name, expected in listed.items():
        if there.get(name) != expected:
            return f"{name} {'has changed' if name in there else 'is missing'}"
    content = tags.get("content")
    kept = {name: sum_ for name, sum_ in there.items() if name not in tags.get("added", "").split()}
    if content and digest.of_json(kept) != content:
        return "its files are not those that were pushed"
    return ""


def _number(text: str | None) -> float | None:
    with contextlib.suppress(TypeError, ValueError):
        return float(text or "")
    return None
