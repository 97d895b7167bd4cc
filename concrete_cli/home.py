"""The `.concrete/` folder: where it is, and what makes it a good neighbour of the user's files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from concrete_cli import disk, locks
from concrete_cli.errors import Busy, UsageError

VERSION = "1"
FOLDERS = ("cache", "plans", "runs", "models", "endpoints", "tmp")
README = """\
concrete keeps its files here. Nothing in this folder needs to be in version control.

cache/      finished steps, found again by what went into them; sources that were fetched
plans/      experiments that were read and checked, to be read faster
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


def prepare(home: Path) -> Path:
    """Make the home, with its folders, for the user alone (mode 0700); return it resolved."""
    home = home.absolute()
    if (home / "VERSION").is_file():
        _check_version(home)
        return home
    _refuse_folder_of_others(home)
    try:
        for name in ("", *FOLDERS):
            (home / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise UsageError(
            f"{error.filename} is a file", help="choose a folder: --home DIR"
        ) from error
    for name, text in (
        ("README", README),
        ("CACHEDIR.TAG", CACHEDIR),
        (".gitignore", "*\n"),
        ("VERSION", VERSION + "\n"),
    ):
        disk.write(home / name, text)
    return home


@contextlib.contextmanager
def in_use(home: Path) -> Iterator[None]:
    """Keep `concrete gc` from removing anything while the block runs."""
    with locks.hold(home / "gc.lock", shared=True, wait=True):
        yield


@contextlib.contextmanager
def alone(home: Path) -> Iterator[None]:
    """Run the block only when no run is going on in this home, and let none begin meanwhile."""
    with locks.hold(home / "gc.lock") as held:
        if not held:
            raise Busy("a run is going on", help="try again when it has ended: concrete runs")
        yield


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
