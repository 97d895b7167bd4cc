"""A look into the files of a model without loading it: which there are, and what they would run.

Loading makes the same check of model.skops (steps/_bundle.py); this one needs no machine learning
library, so a model that came from elsewhere is refused before it is registered.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from concrete_cli import digest, payload
from concrete_cli.errors import Damaged, UsageError
from concrete_cli.plan import is_module

# All that can be in the folder of a model, besides the code that its manifest lists.
KINDS = (
    "manifest.json",
    "model.skops",
    "metrics.json",
    "sample.json",
    "card.md",
    "oof.parquet",
    "lineage.json",
    "version.json",
)
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


def of_no_kind(names: Iterable[str]) -> list[str]:
    """Return the files that no model has; `own_code` says which code it may have."""
    return sorted(name for name in names if name not in KINDS and not name.startswith(f"{CODE}/"))


def check_trust(name: str, folder: Path, manifest: Mapping[str, Any], *, trust: bool) -> None:
    """Refuse a model whose loading runs code that did not come with concrete, if not trusted."""
    own, code = own_classes(manifest), own_code(folder, manifest)
    if (own or code) and not trust:
        carried = f" and carries its code ({', '.join(code)})" if code else ""
        raise UsageError(
            f"{name} holds a model of {', '.join(own) or 'no own class'}{carried}:"
            " whoever loads it runs that code",
            help="read it first; if you trust whose it is, say --trust-code",
        )


def imports(name: str, manifest: Mapping[str, Any]) -> list[str]:
    """Return the modules that the code of a model needs; nothing else may ask for any."""
    named, code = manifest.get("imports", []), manifest.get("code")
    if not isinstance(named, list) or not all(map(is_module, named)) or (named and not code):
        raise Damaged(
            f"{name}: manifest.json: imports: expected names of modules that its code needs"
        )
    return named


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
