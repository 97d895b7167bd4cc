"""Running one of the shipped scripts by itself: where the command needs what only they import."""

from __future__ import annotations

import logging
import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from concrete_cli import interpreter, payload, permissions
from concrete_cli.errors import ConcreteError, ExperimentInvalid, Problem

REFUSED = 3
LOG = logging.getLogger("concrete")


@contextmanager
def made_by(
    script: str,
    output: str,
    arguments: Iterable[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[Path]:
    """Run `script ARGUMENTS --OUTPUT FOLDER`; yield the folder, which is gone afterwards.

    ExperimentInvalid says what the script refused.
    """
    with tempfile.TemporaryDirectory(prefix="concrete-") as scratch:
        folder = Path(scratch)
        words = [*map(str, arguments), f"--{output}", str(folder)]
        LOG.debug("run %s %s", script, shlex.join(words))
        done = subprocess.run(
            interpreter.own_script(payload.script(script), *words),
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="backslashreplace",
            check=False,
            umask=permissions.users(),
        )
        lines = done.stderr.strip().splitlines() or [f"it exited with {done.returncode}"]
        if done.returncode == REFUSED:
            raise ExperimentInvalid([Problem(lines[-1].removeprefix("error: "))])
        if done.returncode:
            raise ConcreteError(f"{script} failed: {lines[-1]}", help=done.stderr.strip())
        yield folder
