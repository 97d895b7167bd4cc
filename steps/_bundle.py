"""A model in a folder: a skops file that only holds types from a list, and a manifest of sums.

Never pickle. What a file may hold is decided by the family in the manifest's `model`, from the
table in `_families.py`; what the file or the manifest says of itself is not believed.
"""

from __future__ import annotations

import gc
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import _pipeline  # noqa: F401  models are made of it, so it has to travel with whoever loads one
from _families import FAMILIES, types
from _import_skops import skops
from _manifest import MODEL, check_sums
from _own_code import admit
from _step import Refused

SCHEMA = "schema.json"
EPOCH = (1980, 1, 1, 0, 0, 0)


def save_model(pipeline: Any, path: Path, allowed: Iterable[str]) -> None:
    """Write a fitted pipeline; equal pipelines give equal bytes."""
    schema, members = _canonical(skops.io.dumps(pipeline))
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


def _types(state: Any) -> set[str]:
    found, waiting = set(), [state]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if "__class__" in item:
                found.add(f"{item.get('__module__')}.{item['__class__']}")
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return found


def _canonical(saved: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    # skops names objects and arrays by their memory address, and stores equal arrays again and
    # again. Number the arrays by their first use and keep each content once; forget the addresses,
    # for which objects happen to be the same one differs from run to run.
    members: dict[str, bytes] = {}
    names: dict[bytes, str] = {}
    with zipfile.ZipFile(io.BytesIO(saved)) as archive:
        schema = json.loads(archive.read(SCHEMA))
        waiting = [schema]
        while waiting:
            item = waiting.pop()
            if isinstance(item, dict):
                item.pop("__id__", None)
                if isinstance(item.get("file"), str):
                    content = archive.read(item["file"])
                    suffix = Path(item["file"]).suffix
                    key = suffix.encode() + content
                    name = names.setdefault(key, f"{len(names)}{suffix}")
                    item["file"] = name
                    members[name] = content
                waiting.extend(item.values())
            elif isinstance(item, list):
                waiting.extend(item)
    return schema, members


def _json(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()
