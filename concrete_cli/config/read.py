"""Reading one TOML file: its size, its encoding, its syntax; each with the line at fault."""

from __future__ import annotations

import functools
import logging
import re
import stat
import sys
import tomllib
from pathlib import Path
from typing import BinaryIO

from concrete_cli.config.nesting import LONG, LONG_KEY, NESTED, TOO_DEEP, is_too_deep
from concrete_cli.config.origin import Layer
from concrete_cli.errors import ExperimentInvalid, NotFound, Problem, nearest

LOG = logging.getLogger("concrete")
FILE = "concrete.toml"
PIPE = "-"  # instead of a file: stdin
LARGEST = 1_000_000
LONGEST = 200
NO_FILES = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
WHOLE_LINE = ("this key", "this table")  # tomllib points behind them
AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
WORD = re.compile(r"[A-Za-z_][^\s,\]}#]*")
PLAIN = {
    "Cannot overwrite a value": "this key is given twice",
    "Cannot declare": "this table is declared twice",
    "Cannot mutate immutable namespace": "this table was written inline and cannot be added to",
    "Duplicate inline table key": "this key is given twice",
    "Invalid statement": "expected key = value, or a [table]",
    "Invalid value": "expected a TOML value",
    "Illegal character '\\n'": "a text in quotes must end on its line",
}


def read(path: Path) -> Layer:
    """Return what the file says, with its text and the name to show for it."""
    name = shown(path)
    text = _text(path, name)
    LOG.debug("read %s, %d characters", path, len(text))
    if found := LONG_KEY.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise ExperimentInvalid([Problem(LONG, name, line, help=NESTED)])
    try:
        data = tomllib.loads(text)
        if not is_too_deep(data):
            return Layer(name, data, text, path.absolute().parent)
        problem = Problem(TOO_DEEP, name, help=NESTED)
    except tomllib.TOMLDecodeError as error:
        problem = _syntax(str(error), text, name)
    except RecursionError:
        problem = Problem(TOO_DEEP, name, help=NESTED)
    except ValueError as error:  # a number of more digits than Python converts
        problem = Problem(f"a value cannot be read: {error}", name)
    raise ExperimentInvalid([problem])


def shown(path: Path) -> str:
    """Return a path as a person expects to see it: short when it is below the current folder."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def _text(path: Path, name: str) -> str:
    try:
        if path.name == PIPE and not path.exists():
            content = _typed()
        else:
            with _opened(path) as file:
                content = file.read(LARGEST + 1)
    except FileNotFoundError:
        near = sorted(other.name for other in path.parent.glob("*.toml"))
        hint = nearest(path.name, near) or (f"there are: {', '.join(near)}" if near else "")
        raise NotFound("experiment file", name, help=_short(hint)) from None
    except IsADirectoryError:
        inside = f"did you mean {Path(name) / FILE}?" if (path / FILE).is_file() else ""
        raise _unreadable(name, "this is a folder, not an experiment file", inside) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _unreadable(name, f"the file cannot be read: {reason}") from None
    if len(content) > LARGEST:
        size = f"{path.stat().st_size / 1e6:.1f} MB" if path.is_file() else "more than 1 MB"
        help_ = "an experiment has at most 1 MB; rows belong in the file that data.source names"
        raise _unreadable(name, f"the file is too large for an experiment: {size}", help_)
    return _decoded(content, name)


def _opened(path: Path) -> BinaryIO:
    """Open a file, and nothing else: to open a pipe is to wait for whoever writes into it."""
    kind = stat.S_IFMT(path.stat().st_mode)
    if kind not in (stat.S_IFREG, stat.S_IFDIR):
        raise OSError(f"it is {NO_FILES.get(kind, 'something else')}, not a file")
    return path.open("rb")


@functools.cache
def _typed() -> bytes:
    """Return what stdin holds; an experiment may be read several times, stdin only once."""
    return sys.stdin.buffer.read(LARGEST + 1)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _decoded(content: bytes, name: str) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unreadable(name, "the file is UTF-16, expected UTF-8", "save it as UTF-8")
    try:
        return content.removeprefix(b"\xef\xbb\xbf").decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        before = content[: error.start].removeprefix(b"\xef\xbb\xbf").decode()
        line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
        byte = content[error.start]
        problem = Problem(
            f"the file is not UTF-8: byte 0x{byte:02x} at offset {error.start}",
            name,
            line,
            column,
            f"save the file as UTF-8; in Latin-1 this byte is {chr(byte)!r}",
        )
        raise ExperimentInvalid([problem]) from None


def _syntax(message: str, text: str, name: str) -> Problem:
    found = AT.search(message)
    if found is None or not found[1]:
        lines = text.rstrip().split("\n")
        hint = "is a quote, ] or } missing?"
        end = (len(lines), len(lines[-1]) + 1)
        return Problem("TOML syntax: the file ends too early", name, *end, hint)
    line, column = int(found[1]), int(found[2])
    reason = AT.sub("", message)
    plain = next((plain for start, plain in PLAIN.items() if reason.startswith(start)), "")
    here = text.split("\n")[line - 1]
    if plain.startswith(WHOLE_LINE):
        column = len(here) - len(here.lstrip()) + 1
    hint = _advice(reason, here, column)
    return Problem(
        f"TOML syntax: {plain or reason[0].lower() + reason[1:]}", name, line, column, hint
    )


def _advice(reason: str, line: str, column: int) -> str:
    word = WORD.match(line, column - 1)
    if reason == "Invalid value" and word:
        low = word[0].lower()
        return f"write {low}" if low in ("true", "false") else f'text needs quotes: "{word[0]}"'
    if reason.startswith("Expected '=' after a key"):
        return "a key with other characters than A-Z, a-z, 0-9, - and _ needs quotes"
    return ""


def _unreadable(name: str, message: str, help: str = "") -> ExperimentInvalid:  # noqa: A002
    return ExperimentInvalid([Problem(message, name, help=help)])
