"""Standard streams that do not get in the way, whatever the command was started with."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import BinaryIO


def steady() -> None:
    """Make sure that all three are there and can print any text.

    Where one was closed, the next file that is opened would get its number, and what is printed.
    """
    codecs.register_error("as_in_json", _as_in_json)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        stream = getattr(sys, name)
        if stream is None:
            nothing = os.open(os.devnull, os.O_RDWR)
            if nothing != number:
                os.dup2(nothing, number)
                os.close(nothing)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="as_in_json")


def typed(what: str, otherwise: str = "") -> BinaryIO:
    """Return stdin; somebody in front of a terminal is told that it is waited for."""
    if sys.stdin.isatty():
        hint = f"; {otherwise}" if otherwise else ""
        print(f"type or paste {what}, end it with Ctrl-D{hint}", file=sys.stderr)
    return sys.stdin.buffer


def _as_in_json(error: UnicodeError) -> tuple[str, int]:
    """Escape what an encoding lacks in the way that JSON does, so that JSON stays valid."""
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    units = (lacking[place : place + 2].hex() for place in range(0, len(lacking), 2))
    return "".join(f"\\u{unit}" for unit in units), error.end
