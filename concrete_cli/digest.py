"""Content hashes: sha256 over bytes and names, never over times or modes."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# A file is read once by a process as long as these facts about it stay: device, inode, size, both
# times. One that was changed a moment ago may change again within one tick of the clock of its
# file system (up to 2 s), so it is read again.
Facts = tuple[int, int, int, int, int]
TICK = 2_000_000_000  # nanoseconds
KEPT = 1 << 16  # files

_known: dict[Facts, str] = {}


def of_json(value: Any) -> str:
    """Return the digest of JSON data in its canonical form: sorted keys, no spaces."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def of_file(path: str | os.PathLike[str]) -> str:
    """Return the digest of a file's bytes, read in pieces."""
    there = os.stat(path)  # noqa: PTH116  a Path costs more than the call
    if found := _known.get(_facts(there)):
        return found
    if not stat.S_ISREG(there.st_mode):  # to open a pipe is to wait for whoever writes into it
        raise OSError(errno.EINVAL, "it is not a regular file", os.fspath(path))
    now = time.time_ns()
    with open(path, "rb") as file:  # noqa: PTH123  likewise
        facts = _facts(os.fstat(file.fileno()))
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if now - max(facts[3:]) > TICK:
        if len(_known) >= KEPT:
            _known.clear()
        _known[facts] = found
    return found


def of_files(folder: str | os.PathLike[str]) -> dict[str, str]:
    """Return the digest of every file below a folder, by its name relative to it.

    A symbolic link counts as the text that it holds; it is never followed. Of pipes, sockets
    and devices only the name counts: reading them would wait for ever.
    """
    found: dict[str, str] = {}
    with _not_too_deep(folder):
        _walk(os.fspath(folder), "", found)
    return found


def of_path(path: Path) -> str:
    """Return the digest of a file's bytes, or of a folder's names and bytes.

    Links are followed, for whoever reads them follows them; those that lead nowhere, or round in a
    circle, count as text.
    """
    if not path.is_dir():
        return of_file(path)
    found: dict[str, str] = {}
    with _not_too_deep(path):
        _walk(os.fspath(path), "", found, (os.path.realpath(path),))
    return of_json(found)


@contextlib.contextmanager
def _not_too_deep(folder: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except RecursionError:
        reason = "folders are nested by the thousand in it"
        raise OSError(errno.ENAMETOOLONG, reason, os.fspath(folder)) from None


def _walk(folder: str, before: str, found: dict[str, str], above: tuple[str, ...] = ()) -> None:
    """Take note of all below a folder; links are followed where `above` says what is on the way."""
    try:
        with os.scandir(folder) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in inside:
        name = before + entry.name
        real = os.path.realpath(entry.path) if above else ""
        leads_on = os.path.exists(real) and real not in above  # noqa: PTH110  likewise
        if entry.is_symlink() and not leads_on:
            found[name] = f"link:{os.readlink(entry.path)}"  # noqa: PTH115  likewise
        elif entry.is_dir():
            _walk(entry.path, f"{name}/", found, (*above, real) if above else ())
        else:
            found[name] = of_file(entry.path) if entry.is_file() else "special"


def _facts(there: os.stat_result) -> Facts:
    return there.st_dev, there.st_ino, there.st_size, there.st_mtime_ns, there.st_ctime_ns
