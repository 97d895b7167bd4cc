"""Colour where a terminal shows it: never elsewhere, and never when NO_COLOR is set."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

ROOMY = 12  # columns in which text can be read
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


def columns() -> int | None:
    """Return how wide the terminal is; None where none breaks lines."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit():
        return shutil.get_terminal_size().columns
    return None


def fits(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the terminal has room for these rows side by side."""
    room = columns()
    return room is None or sum(_widths(rows)) + 2 * (len(rows[0]) - 1) <= room


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(_visible(row[column]) for row in rows) for column in range(len(rows[0]))]


def table(
    rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), head: bool = False
) -> list[str]:
    """Return lines of columns with two spaces between; the columns in `right` end flush.

    Where a terminal is too narrow, the last column goes on below itself, or each row becomes lines
    of its own, in which the titles of a `head` stand before the cells: no word is broken.
    """
    if not rows:
        return []
    rows = [[plain(cell).replace("\n", " ") for cell in row] for row in rows]
    widths = _widths(rows)
    room, before = columns(), sum(widths[:-1]) + 2 * (len(widths) - 1)
    wide = room is not None and before + widths[-1] > room
    longest = max((_visible(word) for row in rows for word in row[-1].split()), default=0)
    if room and wide and (len(widths) - 1 in right or room - before < max(longest, ROOMY)):
        titles = rows[0] if head else [""] * len(widths)
        return [line for row in rows[1 if head else 0 :] for line in _record(titles, row, room)]
    lines: list[str] = []
    for number, row in enumerate(rows):
        cells = [
            " " * (width - _visible(cell)) * (column in right)
            + cell
            + " " * (width - _visible(cell)) * (column not in right)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        line = "  ".join(cells).rstrip()
        found = fit(line, " " * before, room) if wide else [line]
        lines += [paint(one, "dim") for one in found] if head and not number else found
    return lines


def fit(line: str, below: str = "", room: int | None = None) -> list[str]:
    """Return a line in as many as a terminal needs, broken between words; they go on `below`."""
    room = room or columns()
    if room is None or _visible(line) <= room:
        return [line]
    lead = line[: len(line) - len(line.lstrip())]
    found = [""]
    for word in re.split(r"(?<=\S)(?=\s)", line.strip()):
        start = found[-1] or lead if len(found) == 1 else found[-1] or below
        fits_below = _visible(below + word.strip()) <= room
        if found[-1] and fits_below and _visible(start + word.rstrip()) > room:
            found.append(below + word.lstrip())
        else:
            found[-1] = start + (word if found[-1] else word.lstrip())
    return found


def _record(titles: Sequence[str], row: Sequence[str], room: int) -> list[str]:
    """Return a row as lines: what it is called, then each cell behind its title."""
    named = next((place for place, title in enumerate(titles) if title), 0) + 1
    lines = [" ".join(cell for cell in row[:named] if cell).rstrip()]
    for title, cell in zip(titles[named:], row[named:], strict=True):
        if not cell:
            continue
        pair = f"{title} {cell}".strip()
        if len(lines) > 1 and _visible(lines[-1]) + 2 + _visible(pair) <= room:
            lines[-1] += f"  {pair}"
        else:
            lines += fit(f"    {pair}", " " * 6, room)
    return lines


def _visible(text: str) -> int:
    return len(COLOUR.sub("", text))


def plain(text: str) -> str:
    """Return text without what would drive a terminal; colours that we have painted stay."""
    parts = COLOUR.split(text)
    painted = COLOUR.findall(text) if coloured(sys.stdout) else [""] * (len(parts) - 1)
    clean = ["".join(map(_shown, part)) for part in parts]
    return "".join(map("".join, zip(clean, [*painted, ""], strict=True)))


def json_text(value: object) -> str:
    """Return JSON in which no letter drives a terminal: such ones are escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return "".join(
        letter
        if letter.isprintable() or letter == "\n" or ord(letter) > 0xFFFF
        else f"\\u{ord(letter):04x}"
        for letter in text
    )


def _shown(letter: str) -> str:
    return letter if letter.isprintable() or letter in "\n\t" else "\N{REPLACEMENT CHARACTER}"


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
