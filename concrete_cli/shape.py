"""What JSON data has to look like, said in a few words: a schema without a library.

TEXT, COUNT, NUMBER ...     a Kind: what it is called, and whether a value is one
re.compile("...")           text that matches from end to end
[shape]                     a list of such
{"name": ..., "file?": ...} a table with these keys; those with ? may be missing or null, and
                            what other keys hold is left alone
{"*": shape}                a table whose values, under any key, are such
(shape, shape)              one of these
None, True, 1, "a"          that very value
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LONGEST = 40  # characters of a value in a message


@dataclass(frozen=True)
class Kind:
    """A kind of value: `name` ends the sentence "expected ..."."""

    name: str
    fits: Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable()


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 2**1000 if isinstance(value, int) else math.isfinite(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable() and 0 < len(value) <= 255


DIGEST = re.compile(r"[0-9a-f]{64}")
ANY = Kind("anything", lambda _: True)
TEXT = Kind("text", _is_text)
LINE = Kind("a line of text without control characters", _is_line)
NAME = Kind("a name", _is_name)
NUMBER = Kind("a finite number", _is_number)
POSITIVE = Kind("a number, 0 or more", lambda value: _is_number(value) and value >= 0)
COUNT = Kind("a whole number, 0 or more", _is_count)
FLAG = Kind("true or false", lambda value: isinstance(value, bool))
TABLE = {"*": ANY}
SHA256 = Kind("a sha256", lambda value: _is_line(value) and bool(DIGEST.fullmatch(value)))


def problem(value: Any, shape: Any) -> str:
    """Return `key: expected ..., got ...` of the first thing that is wrong; nothing if all fits."""
    return next(_problems(value, shape, ""), "")


def _problems(value: Any, shape: Any, key: str) -> Iterator[str]:
    if isinstance(shape, Kind):
        if not shape.fits(value):
            yield _told(key, shape.name, value)
    elif isinstance(shape, re.Pattern):
        if not isinstance(value, str) or not shape.fullmatch(value):
            yield _told(key, "another text", value)
    elif isinstance(shape, dict):
        yield from _in_table(value, shape, key)
    elif isinstance(shape, list):
        yield from _in_list(value, shape[0], key)
    elif isinstance(shape, tuple):
        found = [next(_problems(value, one, key), "") for one in shape]
        if all(found):
            yield found[0]
    elif type(value) is not type(shape) or value != shape:
        yield _told(key, repr(shape), value)


def _in_list(value: Any, shape: Any, key: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield _told(key, "a list", value)
        return
    for number, one in enumerate(value):
        yield from _problems(one, shape, f"{key}[{number}]")


def _in_table(value: Any, shape: Mapping[str, Any], key: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield _told(key, "a table", value)
        return
    others = shape.get("*")
    for name, one in shape.items():
        plain = name.removesuffix("?")
        if name == "*" or (plain != name and value.get(plain) is None):
            continue
        if plain not in value:
            yield f"{_below(key, plain)}: is missing"
        else:
            yield from _problems(value[plain], one, _below(key, plain))
    if others is not None:
        for name in value.keys() - {one.removesuffix("?") for one in shape}:
            yield from _problems(value[name], others, _below(key, name))


def _below(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _told(key: str, expected: str, value: Any) -> str:
    got = repr(value)
    got = got if len(got) <= LONGEST else f"{got[: LONGEST - 3]}..."
    return f"{key or 'the whole'}: expected {expected}, got {got}"
