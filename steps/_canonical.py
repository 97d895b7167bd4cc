"""What skops has saved, in a form that is the same for equal pipelines, and quick to load.

skops names objects and arrays by their memory address, and stores equal arrays again and again.
Here arrays are numbered by their first use and kept once, and addresses are forgotten, for which
objects happen to be the same one differs from run to run.

Then what is equal and never changes gets one number in place of an address, so that skops makes
and checks it once: a forest of 1500 trees repeats the parameters of a tree 1500 times.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCHEMA = "schema.json"
NUMBER = "__id__"  # skops makes one object of all that have the same


def canonical(saved: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the schema, and the content of the files that it names."""
    with zipfile.ZipFile(io.BytesIO(saved)) as archive:
        schema: dict[str, Any] = json.loads(archive.read(SCHEMA))
        members = _number_arrays(schema, archive)
    _number_constants(schema)
    return schema, members


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every table of a schema, in an order that only depends on the schema."""
    waiting = [schema]
    while waiting:
        item = waiting.pop()
        parts: Any = item
        if type(item) is dict:
            yield item
            parts = item.values()
        waiting += [part for part in parts if type(part) in (dict, list)]  # JSON has no others


def _number_arrays(schema: Any, archive: zipfile.ZipFile) -> dict[str, bytes]:
    members: dict[str, bytes] = {}
    names: dict[bytes, str] = {}
    for one in objects(schema):
        one.pop(NUMBER, None)
        if isinstance(one.get("file"), str):
            content = archive.read(one["file"])
            suffix = Path(one["file"]).suffix
            name = names.setdefault(suffix.encode() + content, f"{len(names)}{suffix}")
            one["file"] = name
            members[name] = content
    return members


def _number_constants(schema: Any) -> None:
    numbers: dict[str, int] = {}
    for one in objects(schema):
        for constant in _constants(one):
            key = json.dumps(constant, sort_keys=True)
            constant[NUMBER] = numbers.setdefault(key, len(numbers) + 1)


def _constants(one: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what is made once and then only read, of the parts of one object."""
    if one.get("__loader__") in ("JsonNode", "TypeNode"):
        yield one
    if isinstance(one.get("key_types"), dict):
        yield one["key_types"]  # the list of the types of a table's keys
    if one.get("__loader__") == "TreeNode":
        yield one["__reduce__"]["args"]  # what a tree takes when it is made, and copies
