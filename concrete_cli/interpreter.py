"""The command line of every Python process that is started.

`-P` keeps the current folder off the import path: a `random.py` or a `concrete_cli.py` that lies
where a command is typed is neither ours nor an installed library. `-I` also leaves out PYTHONPATH
and the user's own site-packages. Runs and their steps do without it, because a team's code may be
there; so does everything else where our own libraries may be there.
"""

from __future__ import annotations

import os
import shlex
import site
import sys
from collections.abc import Iterable
from pathlib import Path

STAYS = "CONCRETE_STAYS"  # tells a process to go on when a terminal is closed
# What `python SCRIPT` does and -P takes away: the folder of the script comes first on the path.
AS_SCRIPT = (
    "import runpy, sys; del sys.argv[0]; sys.path.insert(0, sys.argv[0].rpartition('/')[0]);"
    " runpy.run_path(sys.argv[0], run_name='__main__')"
)


def module(name: str, *words: str) -> list[str]:
    """Return the command that runs a module which runs code of the user's own, now or later."""
    return [sys.executable, "-P", "-m", name, *words]


def own_module(name: str, *words: str) -> list[str]:
    """Return the command that runs a module which runs nothing but our code."""
    return [sys.executable, _strictest(), "-m", name, *words]


def own_script(path: Path, *words: str) -> list[str]:
    """Return the command that runs one of the shipped scripts; it reads and writes UTF-8."""
    return [sys.executable, _strictest(), "-X", "utf8", "-c", AS_SCRIPT, str(path), *words]


def debugging(script: Path, arguments: Iterable[str], folders: Iterable[str] = ()) -> str:
    """Return a line for a shell that runs a script in a debugger; `arguments` are quoted already.

    pdb puts the script's folder on the path only without -P, or only with it, as its version goes.
    """
    paths = [str(script.parent), *folders, os.environ.get("PYTHONPATH", "")]
    path = shlex.quote(os.pathsep.join(filter(None, paths)))
    words = map(shlex.quote, module("pdb", "-c", "continue", "--", str(script)))
    return " ".join([f"PYTHONPATH={path}", *words, *arguments])


def _strictest() -> str:
    """Return -I where it takes away nothing that our libraries may be found in, else -P."""
    return "-P" if site.ENABLE_USER_SITE or os.environ.get("PYTHONPATH") else "-I"
