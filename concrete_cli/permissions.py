"""Who may read what is written: below a home its user alone, elsewhere whoever the umask lets.

A command writes many files below its home, and few that a person has asked for: all are closed to
others, but for these.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

CLOSED = 0o077
FILE = 0o666

_users: int | None = None  # the umask with which the command was started


@contextlib.contextmanager
def private() -> Iterator[None]:
    """Let nobody else read or write what is made in the block, and by processes started in it."""
    global _users  # noqa: PLW0603  the umask is one of a process, too
    outer, before = _users, os.umask(CLOSED)
    _users = before if outer is None else outer
    try:
        yield
    finally:
        os.umask(before)
        _users = outer


@contextlib.contextmanager
def of_user() -> Iterator[None]:
    """Let what is made in the block be read and written by whoever the user's umask lets."""
    before = os.umask(users())
    try:
        yield
    finally:
        os.umask(before)


def users() -> int:
    """Return the umask of the person who has started the command."""
    if _users is not None:
        return _users
    now = os.umask(CLOSED)
    os.umask(now)
    return now


def give(path: Path) -> Path:
    """Let a file be read and written by whoever the user's umask lets; return it."""
    path.chmod(FILE & ~users())
    return path
