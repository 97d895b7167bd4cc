"""Colour where a terminal shows it: never elsewhere, and never when NO_COLOR is set."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

LONGEST = 400  # characters of a line that a script has printed; its log has all of it
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
MARKS = {
    "waiting": ("·", "dim"),
    "running": ("▸", "cyan"),
    "done": ("✓", "green"),
    "reused": ("=", "green"),
    "failed": ("✗", "red"),
    "skipped": ("-", "yellow"),
}


def coloured(stream: TextIO) -> bool:
    """Whether the stream is a terminal that shows colour."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def paint(text: str, *styles: str, stream: TextIO | None = None) -> str:
    """Return the text in a style, where the stream (stdout unless told) shows colour."""
    if not text or not styles or not coloured(stream or sys.stdout):
        return text
    codes = ";".join(CODES[style] for style in styles)
    return f"\033[{codes}m{text}\033[0m"


def mark(state: str, stream: TextIO | None = None) -> str:
    """Return the sign of a step's state; plain letters where the encoding has no signs."""
    stream = stream or sys.stdout
    sign, style = MARKS.get(state, ("?", "red"))
    return paint(encodable(sign, stream) or state[:1], style, stream=stream)


def encodable(text: str, stream: TextIO) -> str:
    """Return the text if the stream can print it, else nothing."""
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return ""
    return text


def table(rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> list[str]:
    """Return lines of columns with two spaces between; the columns in `right` end flush."""
    if not rows:
        return []
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def harmless(line: str) -> str:
    """Return what a script has printed without what would drive a terminal or flood it."""
    line = COLOUR.sub("", line).expandtabs(4)
    line = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line
    )
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}... ({len(line)} characters)"


def path(text: str) -> str:
    """Return a path as it is called from here, if it is below the working folder."""
    with contextlib.suppress(ValueError, OSError):  # the working folder may be gone
        return str(Path(text).relative_to(Path.cwd()))
    return text


def seconds(value: float) -> str:
    """Return a span of time as a person says it: 0.4 s, 12 s, 3 min 20 s, 2 h 5 min."""
    if value < 10:
        return f"{value:.1f} s"
    if value < 60:
        return f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def size(count: int) -> str:
    """Return a number of bytes as a person says it: 812 B, 4.1 KB, 1.3 GB."""
    value = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
