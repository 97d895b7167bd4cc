"""TOML values and keys in words, for messages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, time

from concrete_cli.config.origin import Keys

LONGEST = 60
BARE = re.compile(r"[A-Za-z0-9_-]+")
KINDS = {list: "a list", dict: "a table", datetime: "a date", date: "a date", time: "a time"}


class Wrong(ValueError):
    """A value that cannot be used.

    A message that begins with `expected` is completed by what was got instead.
    """

    def __init__(self, message: str, help: str = "") -> None:  # noqa: A002  the word users see
        super().__init__(message)
        self.help = help


def got(message: str, value: object) -> str:
    """Complete `expected ...` by what was got."""
    return f"{message}, got {described(value)}" if message.startswith("expected") else message


def described(value: object) -> str:
    """Return a TOML value as words: `the text "five"`, `the number 3`, `a list`."""
    if isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return f"the text {_short(json.dumps(value, ensure_ascii=False))}"
    if isinstance(value, int | float):
        return f"the number {_digits(value)}"
    if value in ([], {}):
        return "an empty list" if isinstance(value, list) else "an empty table"
    return next((word for kind, word in KINDS.items() if isinstance(value, kind)), "nothing")


def dotted(keys: Keys) -> str:
    """Return keys as TOML writes them: steps."train_*".cpus, data.drop[1]."""
    return "".join(_dotted(keys))


def _dotted(keys: Keys) -> Iterator[str]:
    for number, key in enumerate(keys):
        if isinstance(key, int):
            yield f"[{key}]"
            continue
        yield "." if number else ""
        yield quote(key)


def quote(key: str) -> str:
    """Return a key as TOML writes it, in quotes where it needs them."""
    return key if BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def _digits(value: float) -> str:
    try:
        return _short(str(value))
    except ValueError:  # more digits than Python writes
        return "with very many digits"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
