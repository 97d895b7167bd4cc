"""A look into model.skops without loading it: which types it holds, and whether it may.

Loading makes the same check (steps/_bundle.py); this one needs no machine learning library, so a
file that came from elsewhere is refused before it is registered.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from concrete_cli import digest, payload
from concrete_cli.errors import Damaged

SCHEMA = "schema.json"
CODE = "code"  # the folder of the user's own modules that a model is made of
MOST = 256 << 20  # bytes of the schema


def check(path: Path, manifest: Mapping[str, Any]) -> None:
    """Refuse a file that is no skops file, or holds a type that this family does not have."""
    try:
        allowed = payload.module("_families").types(manifest["model"], manifest["params"])
        with zipfile.ZipFile(path) as archive, archive.open(SCHEMA) as file:
            schema = json.loads(file.read(MOST))  # what is larger is cut, and no JSON
    except (
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        ValueError,
        TypeError,
        RecursionError,
    ) as error:
        raise Damaged(f"{path.name} is no skops file of a known model: {error}") from error
    strange = sorted(set(_types(schema)) - set(allowed))
    if strange:
        raise Damaged(f"{path.name} holds {', '.join(strange[:5])}, which this model may not")


def own_classes(manifest: Mapping[str, Any]) -> list[str]:
    """Return the classes, `module:Class`, that are not of a shipped family."""
    members = manifest["params"].get("members", ())
    models = [
        manifest["model"],
        *(one if isinstance(one, str) else one["model"] for one in members),
    ]
    return sorted({str(model) for model in models if ":" in str(model)})


def own_code(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Return the files of code that a model carries; refuse what is not what the manifest lists."""
    listed, there = dict(manifest.get("code") or {}), digest.of_files(folder / CODE)
    wrong = sorted(name for name in listed | there if listed.get(name) != there.get(name))
    if wrong:
        raise Damaged(f"{CODE}/{wrong[0]} is not the code that the model was made of")
    return sorted(there)


def _types(schema: Any) -> Iterator[str]:
    waiting = [schema]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if "__class__" in item:
                yield f"{item.get('__module__')}.{item['__class__']}"
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
