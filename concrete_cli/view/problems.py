"""Problems as text: the message, the place, the line with a caret below it, and what to do.

error: train.folds: expected a whole number, got the text "five"
  --> concrete.toml:12:9
   |
12 | folds = "five"
   |         ^^^^^^
   = help: write 5
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Callable
from pathlib import Path

from concrete_cli.errors import Problem, brief
from concrete_cli.sources import urls

Style = Callable[[str, str], str]
TOKEN = re.compile(
    r"\"\"\"|'''"  # a text of several lines: only where it begins
    r"|\"(?:[^\"\\]|\\.)*\"|'[^']*'"
    r"|[A-Za-z0-9_+:.-]+|."
)
KEY = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|[A-Za-z0-9_-]+")
TAB = 4
NARROWEST = 40
LARGEST = 1_000_000


def plain(text: str, part: str) -> str:  # noqa: ARG001  a style that shows colours needs the part
    """Return `text` as it is: the style of a file or a pipe."""
    return text


def render(problem: Problem, width: int = 100, style: Style = plain) -> str:
    """Return the lines that show `problem`.

    `style(text, part)` may colour: part is `error`, `place`, `gutter`, `caret` or `help`.
    """
    gutter = " " * len(str(problem.line or ""))
    lines = [f"{style('error:', 'error')} {printable(brief(problem.message))}"]
    if problem.file:
        lines.append(
            f"{gutter}{style('-->', 'gutter')} {style(printable(brief(problem.place)), 'place')}"
        )
    source = _source(problem)
    if source:
        shown, start, length = _window(source, problem.column, max(width, NARROWEST))
        bar = style(f"{gutter} |", "gutter")
        lines += [bar, f"{style(f'{problem.line} |', 'gutter')} {shown}".rstrip()]
        lines.append(f"{bar} {' ' * start}{style('^' * length, 'caret')}")
    if problem.help:
        lead = f"{gutter} = " if source else ""
        first, *rest = _wrapped(printable(brief(problem.help)), width - len(lead) - len("help: "))
        lines.append(f"{style(lead, 'gutter')}{style('help:', 'help')} {first}")
        lines += [f"{' ' * (len(lead) + len('help: '))}{line}" for line in rest]
    return "\n".join(lines)


def _wrapped(text: str, width: int) -> list[str]:
    width = max(width, NARROWEST)
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [text]


def printable(text: str) -> str:
    """Return `text` without characters that could drive a terminal or break the line."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def _source(problem: Problem) -> str:
    """Return the line at fault as the file has it now; nothing if it cannot be had."""
    if not problem.line or not problem.column:
        return ""
    try:
        with Path(problem.file).open(encoding="utf-8-sig", errors="replace") as file:
            lines = file.read(LARGEST).split("\n")
    except (OSError, ValueError):
        return ""
    return urls.hidden(lines[problem.line - 1]) if problem.line <= len(lines) else ""


def _window(source: str, column: int, width: int) -> tuple[str, int, int]:
    """Return the part of the line to show, where the caret begins and how wide it is, in cells."""
    token = _token(source, column)
    far, start, end = 2 * width, column - 1, column - 1 + len(token)
    before = _expanded(source[max(start - far, 0) : start])
    marked, after = _expanded(token[:far]), _expanded(source[end : end + far])
    room = width - 10
    if _cells(marked) > room // 2:
        after, marked = f"{marked[room // 2 :]}{after}", marked[: room // 2]
    if _cells(before + marked + after) > room:
        spare = room - _cells(marked) - 6
        before = _cut(before, max(spare - min(_cells(after), spare // 2), 0), end=True)
        after = _cut(after, max(spare - _cells(before), 0), end=False)
    return before + marked + after, _cells(before), max(_cells(marked), 1)


def _token(source: str, column: int) -> str:
    """Return the key or value that begins at `column`."""
    rest = source[column - 1 :]
    key = KEY.match(rest)
    if key and re.match(r"[\w\"'. -]*(?:=|\])", rest) and "=" not in source[: column - 1]:
        return key[0]
    found = TOKEN.match(rest)
    return found[0] if found else ""


def _cut(text: str, cells: int, *, end: bool) -> str:
    """Return the beginning or the end of `text`, with dots where something is left out."""
    kept: list[str] = []
    for letter in reversed(text) if end else text:
        cells -= _cells(letter)
        if cells < 0:
            break
        kept.append(letter)
    if len(kept) == len(text):
        return text
    return f"...{''.join(reversed(kept))}" if end else f"{''.join(kept)}..."


def _expanded(text: str) -> str:
    return printable(text.replace("\t", " " * TAB))


def _cells(text: str) -> int:
    """Return how many terminal columns `text` takes."""
    return sum(
        0
        if unicodedata.combining(letter)
        else 2
        if unicodedata.east_asian_width(letter) in "WF"
        else 1
        for letter in text
    )
