"""Python files of the user's own: whether each can be read and is Python."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from concrete_cli import code
from concrete_cli.config.read import shown
from concrete_cli.errors import Problem


def check(paths: Iterable[Path]) -> Iterator[Problem]:
    """Yield what is wrong with these files or with one beside them that they import; each once."""
    told: set[Path] = set()
    for path in paths:
        for file in _closure(path):
            if file not in told:
                told.add(file)
                yield from _file(file)


def _closure(path: Path) -> list[Path]:
    try:
        return list(code.closure(path).values())
    except OSError as error:
        return [Path(error.filename or path)]


def _file(path: Path) -> Iterator[Problem]:
    """Yield the problem of a file; only one in which no import was found is parsed again."""
    try:
        if code.imports(path):
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(path.read_bytes(), str(path))
    except OSError as error:
        yield Problem(f"the file cannot be read: {error.strerror}", shown(path))
    except SyntaxError as error:
        at = (error.lineno or 0, error.offset or 0)
        yield Problem(f"Python syntax: {error.msg}", shown(path), *at)
    except ValueError as error:  # a NUL in it
        yield Problem(f"this is not Python: {error}", shown(path))
