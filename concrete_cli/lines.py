"""Command lines that are printed: they work when pasted, from any folder.

So they name the home and the experiment with their whole paths, and a backend that is not `local`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

EXPERIMENT, HOME = "concrete.toml", ".concrete"
LOCAL = "local"


def line(
    *words: str | Path, home: Path | None = None, backend: str = "", sets: Iterable[str] = ()
) -> str:
    """Return `concrete WORDS` as a shell takes it; a relative path is one below this folder."""
    typed = [str(word.absolute()) if isinstance(word, Path) else word for word in words]
    typed += [part for one in sets for part in ("--set", one)]
    typed += ["--backend", backend] if backend not in ("", LOCAL) else []
    typed += ["--home", str(home.absolute())] if home else []
    return shlex.join(["concrete", *typed])


def of_experiment(
    command: str, file: Path, home: Path, *words: str, backend: str = "", sets: Iterable[str] = ()
) -> str:
    """Return a command about an experiment; the home is left out where it would be that one."""
    usual = home.absolute() == file.absolute().parent / HOME
    place = None if usual else home
    return line(command, file, *words, home=place, backend=backend, sets=sets)


def first(command: str, home: Path, *words: str) -> str:
    """Return a command that leaves something in a home which has nothing, or at least its help.

    The experiment is the one beside the home; nobody knows which it is elsewhere.
    """
    file = home.absolute().parent / EXPERIMENT
    if home.name == HOME and file.is_file():
        return of_experiment(command, file, home, *words)
    return line(command, "--help")
