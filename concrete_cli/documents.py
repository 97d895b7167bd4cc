"""Reading and writing JSON documents: strictly, of a declared shape, under a sum of their own.

Wherever a document comes from, it is checked where it is read: what is not UTF-8, not JSON, not
finite, not of its shape, or not what was written, is `Damaged`, with the file and the key. A sum,
`sha256`, goes over all the rest of a document: a digit that has changed is found, not used. Every
document whose `format` is 2 or more has one.
"""

from __future__ import annotations

import contextlib
import json
import math
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from concrete_cli import digest, disk, shape
from concrete_cli.errors import Damaged

SUM = "sha256"
MOST = 256 << 20  # bytes


def read(path: Path, expected: Any, *, sealed: bool = False, name: str = "") -> dict[str, Any]:
    """Return the document in a file, which has the `expected` shape (shape.py).

    `sealed`: it has to have a sum, whatever its format; one that is there counts in any case.
    `name` is what messages call the file. FileNotFoundError is for the caller.
    """
    return checked(raw(path), expected, name or str(path), sealed=sealed)


def find(path: Path, expected: Any) -> dict[str, Any] | None:
    """Return the document in a file; None: there is none."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return read(path, expected)
    return None


def checked(content: bytes, expected: Any, name: str, *, sealed: bool = False) -> dict[str, Any]:
    """Return the document that these bytes are; messages call it `name`."""
    found: dict[str, Any] = parse(content, name)
    if wrong := shape.problem(found, expected):
        raise Damaged(f"{name}: {wrong}")
    needed = sealed or SUM in found or found.get("format", 1) != 1
    if needed and found.get(SUM) != sum_of(found):
        raise Damaged(f"{name}: has changed: its sha256 is not that of what is in it")
    return found


def parse(content: bytes, name: str) -> Any:
    """Return the JSON data in these bytes."""
    try:
        return json.loads(content.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)
    except RecursionError as error:
        raise Damaged(f"{name}: is nested too deeply") from error
    except ValueError as error:  # also what is not UTF-8
        told = "is empty" if not content else f"is not JSON: {error}"
        raise Damaged(f"{name}: {told}") from error


def raw(path: Path) -> bytes:
    """Return the bytes of a plain file that is not too large to be one of ours."""
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):  # opening a pipe would wait for ever
        raise Damaged(f"{path}: is not a file")
    if facts.st_size > MOST:
        raise Damaged(f"{path}: is larger than {MOST >> 20} MB")
    return path.read_bytes()


def write(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document with its sum, whole or not at all."""
    disk.write_json(path, seal(document))


def seal(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with its sum, as it will be when it is read again."""
    plain = json.loads(disk.as_json(document))
    plain.pop(SUM, None)
    return {**plain, SUM: sum_of(plain)}


def sum_of(document: Mapping[str, Any]) -> str:
    """Return the sum of a document: that of all but its sum."""
    return digest.of_json({name: value for name, value in document.items() if name != SUM})


def damage(look: Callable[[], Any]) -> str:
    """Return what `look` finds damaged, in a few words; nothing when all is well."""
    try:
        look()
    except Damaged as error:
        return str(error)
    return ""


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is not a finite number")
    return value
