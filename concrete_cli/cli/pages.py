"""Help pages: what a command does, its options, an example that runs, its exit codes."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence

LONGEST = 50  # characters of the line that says what a command does
WIDEST, NARROWEST = 100, 24  # columns of a page
ROOMY = 24  # columns that an explanation needs beside what it explains
LONG = 30  # columns of a name that has no explanation beside it
CODES = {
    0: "done",
    1: "a bug in concrete; the report is in crash.txt",
    2: "the command line is wrong",
    3: "the experiment is wrong: every problem, with line and column",
    4: "a step failed: its last lines, its log, how to replay it",
    5: "no such run, step, model, endpoint, file",
    6: "the model does not meet its gates",
    7: "the backend cannot be reached or is not installed; a disk is full or read-only",
    8: "files are not as they were written, or not what their sha256 says",
    10: "there is work to do (plan --exit-code)",
    75: "another process holds what is needed: try again",
    130: "stopped",
}
RUN = (0, 3, 4, 130)  # the codes of a command that runs steps


def end(example: str, codes: Iterable[int]) -> str:
    """Return the end of a help page: an example, and what the exit codes mean."""
    meanings = "\n".join(f"{code:>5}  {CODES[code]}" for code in sorted({*codes}))
    return f"Example:\n  {example}" + (f"\n\nExit codes:\n{meanings}" if meanings else "")


def width() -> int:
    """Return how many columns a page may take."""
    return max(min(shutil.get_terminal_size().columns, WIDEST) - 1, NARROWEST)


def usage(command: str, words: str) -> Iterator[str]:
    """Yield the lines that show how a command is typed."""
    yield from _wrapped(f"Usage: {command} {words}", "", width(), "    ")


def text(words: str) -> Iterator[str]:
    """Yield the lines of paragraphs, wrapped between words."""
    for number, paragraph in enumerate(words.strip().split("\n\n")):
        yield from [""] if number else []
        yield from _wrapped(" ".join(paragraph.split()), "  ", width())


def wrapped_end(words: str) -> Iterator[str]:
    """Yield the lines of the end of a page; those that are too long go on below their words."""
    for line in words.splitlines():
        lead = " " * (len(line) - len(line.lstrip()))
        below = " " * 7 if line[2:5].strip().isdigit() else f"{lead}    "
        is_code = line.lstrip()[:1].isdigit()
        yield from _wrapped(line, "", width(), below) if is_code else [line]


def listed(title: str, rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield the lines of a list of names, with an explanation beside or below each."""
    if not rows:
        return
    yield f"{title}:"
    column = max((len(name) for name, _ in rows if len(name) <= LONG), default=0) + 4
    room = width() - column
    beside = {name: _wrapped(words, "", room) for name, words in rows}
    if room < ROOMY or any(len(line) > room for lines in beside.values() for line in lines):
        for name, words in rows:
            yield from [f"  {name}", *_wrapped(words, "      ", width())]
        return
    for name, lines in beside.items():
        first = lines.pop(0) if lines and len(name) + 4 <= column else ""
        yield f"  {name:<{column - 2}}{first}".rstrip()
        yield from (f"{'':<{column}}{line}" for line in lines)


def _wrapped(words: str, lead: str, columns: int, below: str | None = None) -> list[str]:
    lines = textwrap.wrap(
        words.replace("env var: ", "env\xa0var:\xa0"),
        columns,
        initial_indent=lead,
        subsequent_indent=lead if below is None else below,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\xa0", " ") for line in lines]
