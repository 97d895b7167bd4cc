"""The `.concrete/` folder: where it is, and what makes it a good neighbour of the user's files."""

from __future__ import annotations

import contextlib
import errno
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from concrete_cli import disk, lines, locks
from concrete_cli.errors import Busy, UsageError

VERSION = "1"
LOCK = "gc.lock"
PAUSES = (0.005, 0.02, 0.1, *(0.25,) * 12)  # seconds in which a short command comes to its end
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
UNWRITABLE = (errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE)
FOLDERS = ("cache", "plans", "runs", "models", "endpoints", "tmp")
README = """\
concrete keeps its files here. Nothing in this folder needs to be in version control.

cache/      finished steps, found again by what went into them; sources that were fetched
plans/      experiments that were read and checked, to be read faster
imports/    what steps have imported, to be imported ahead the next time
runs/       one folder a run: its plan, its experiment, its events, its results
models/     registered models and their aliases
endpoints/  served models
published/  plans with an address, and their keys
tmp/        steps that are running; `concrete gc` empties it

Delete the whole folder and nothing is lost but time, save the registered models.
"""
CACHEDIR = """\
Signature: 8a477f597d28d172789f06886806bc55
# This file marks a folder that backup programs may leave out: https://bford.info/cachedir/
"""


_used: dict[Path, IO[bytes]] | None = None  # by the command that runs, with their locks


def prepare(home: Path) -> Path:
    """Make the home, with its folders, for the user alone (mode 0700); return it resolved.

    A command that has prepared a home uses it till its end.
    """
    home = home.absolute()
    there = (home / "VERSION").is_file()
    if there:
        _check_version(home)
    else:
        _refuse_folder_of_others(home)
    _refuse_open_folder(home)
    _make_folders(home, needed=not there)
    if not there:
        for name, text in (
            ("README", README),
            ("CACHEDIR.TAG", CACHEDIR),
            (".gitignore", "*\n"),
            ("VERSION", VERSION + "\n"),
        ):
            disk.write(home / name, text)
    _keep_in_use(home)
    return home


@contextlib.contextmanager
def command() -> Iterator[None]:
    """Keep every home that is prepared in the block in use till the end of the block."""
    global _used  # noqa: PLW0603  a process carries out one command at a time
    before, _used = _used, {}
    try:
        yield
    finally:
        for lock in _used.values():
            lock.close()
        _used = before


def opened() -> Path | None:
    """Return the home that the command has prepared first."""
    return next(iter(_used or ()), None)


@contextlib.contextmanager
def in_use(home: Path) -> Iterator[None]:
    """Keep `concrete gc` from removing anything while the block runs."""
    with locks.hold(home / LOCK, shared=True, wait=True):
        yield


@contextlib.contextmanager
def alone(home: Path) -> Iterator[None]:
    """Run the block only when nobody uses this home, and let nobody begin meanwhile."""
    ours = (_used or {}).pop(home, None)
    if ours:
        ours.close()
    with locks.hold(home / LOCK, pauses=PAUSES) as held:
        if not held:
            raise Busy(
                "a run is going on, or another command uses this home",
                help=f"try again when it has ended: {lines.line('runs', home=home)}",
            )
        yield


def _keep_in_use(home: Path) -> None:
    """Hold the lock that keeps `gc` away; a home that cannot be written to needs none."""
    if _used is None or home in _used:
        return
    for mode in ("ab", "rb"):
        with contextlib.suppress(OSError):
            lock = (home / LOCK).open(mode)
            locks.share(lock)
            _used[home] = lock
            return


def _make_folders(home: Path, *, needed: bool) -> None:
    """Make the folders that are not there; of a home that is, they may have been removed."""
    try:
        for name in ("", *FOLDERS):
            if not (home / name).is_dir():
                (home / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise UsageError(
            f"{error.filename} is a file", help="choose a folder: --home DIR"
        ) from error
    except PermissionError:
        if needed:
            raise
    except OSError as error:
        if error.errno not in UNWRITABLE:
            hint = "choose a folder that can be made: --home DIR"
            raise UsageError(f"{home} cannot be made: {error.strerror}", help=hint) from error
        if needed:
            raise


def _refuse_open_folder(home: Path) -> None:
    """Refuse a home that others can write: what is in it decides what is run here."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        facts = home.stat()
        if facts.st_mode & OTHERS_WRITE and stat.S_ISDIR(facts.st_mode):
            raise UsageError(
                f"others can write {home} (mode {stat.S_IMODE(facts.st_mode):04o})",
                help=f"chmod go-w {shlex.quote(str(home))}, or choose another folder: --home DIR",
            )


def _refuse_folder_of_others(home: Path) -> None:
    """Refuse a folder in which something else is: we would overwrite it, and `gc` would remove it.

    A home that was not quite made, or is being made by somebody else right now, has empty folders,
    then our README.
    """
    if not home.is_dir() or _has_our_readme(home):
        return
    for entry in home.iterdir():
        empty_one_of_ours = entry.name in FOLDERS and disk.is_empty(entry)
        if not (empty_one_of_ours or entry.name.startswith(".README.") or _has_our_readme(home)):
            raise UsageError(
                f"{home} is no home of concrete: {entry.name!r} is in it",
                help=f"choose a new folder: --home {home / '.concrete'}",
            )


def _has_our_readme(home: Path) -> bool:
    try:
        return (home / "README").read_bytes().startswith(README[:29].encode())
    except OSError:
        return False


def _check_version(home: Path) -> None:
    found = (home / "VERSION").read_text(encoding="utf-8").strip()
    if found != VERSION:
        raise UsageError(
            f"{home} was made by another version of concrete (format {found}, not {VERSION})",
            help="use that version, or another folder: --home DIR",
        )
