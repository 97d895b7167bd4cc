"""A model in a folder: a skops file that only holds types from a list, and a manifest of sums.

Never pickle. What a file may hold is decided by the family in the manifest's `model`, from the
table in `_families.py`; what the file or the manifest says of itself is not believed.
"""

from __future__ import annotations

import gc
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import _pipeline  # noqa: F401  models are made of it, so it has to travel with whoever loads one
from _canonical import SCHEMA, canonical, objects
from _families import FAMILIES, types
from _import_skops import skops
from _manifest import MODEL, check_sums
from _own_code import admit
from _step import Refused

EPOCH = (1980, 1, 1, 0, 0, 0)


def save_model(pipeline: Any, path: Path, allowed: Iterable[str]) -> None:
    """Write a fitted pipeline; equal pipelines give equal bytes."""
    schema, members = canonical(skops.io.dumps(pipeline))
    _check_types(schema, allowed, path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in [*members.items(), (SCHEMA, _json(schema))]:
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED, 1)


def load_model(path: Path, allowed: Iterable[str]) -> Any:
    """Read a pipeline; a file that holds anything but the `allowed` types is refused unread."""
    try:
        with zipfile.ZipFile(path) as archive:
            schema = json.loads(archive.read(SCHEMA))
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise Refused(f"{path} is not a skops file: {error}") from error
    trusted = sorted(_check_types(schema, allowed, path))
    with _uncollected():
        # All of it is allowed. skops looks at the whole list for each of thousands of objects.
        return skops.io.load(path, trusted=trusted)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Have no garbage looked for: among the parts of a forest that takes as long as loading it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def load_bundle(folder: Path) -> tuple[Any, dict[str, Any]]:
    """Return the pipeline and the manifest of a model folder, after checking every sum."""
    manifest = check_sums(folder)
    if ":" not in manifest["model"] and manifest["model"] not in FAMILIES:
        raise Refused(f"{folder}: there is no model family {manifest['model']!r}")
    admit(folder, manifest)
    return load_model(folder / MODEL, types(manifest["model"], manifest["params"])), manifest


def _check_types(schema: Mapping[str, Any], allowed: Iterable[str], path: Path) -> set[str]:
    found = _types(schema)
    if strange := sorted(found - set(allowed)):
        raise Refused(f"{path} holds {', '.join(strange)}, which this model may not")
    return found


def _types(schema: Any) -> set[str]:
    return {
        f"{one.get('__module__')}.{one['__class__']}"
        for one in objects(schema)
        if "__class__" in one
    }


def _json(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()
