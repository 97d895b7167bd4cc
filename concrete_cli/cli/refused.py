"""What the system refuses while a command runs: a file to read, a place to write, a full disk."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path

from concrete_cli.errors import BackendUnavailable, ConcreteError

FULL = (errno.ENOSPC, errno.EDQUOT)
FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)


def told(error: OSError) -> ConcreteError | None:
    """Return what to tell of it; nothing when it is none of these."""
    if error.errno not in FULL + FORBIDDEN:
        return None
    if _is_closed_to_us(error):
        return BackendUnavailable(
            f"cannot read {error.filename}: {error.strerror}",
            help="its owner can change that: chmod",
        )
    place = error.filename or "the home of concrete"
    full = error.errno in FULL
    advice = "free some space there" if full else "choose a folder that you may write to"
    return BackendUnavailable(
        f"cannot write {place}: {error.strerror}", help=f"{advice}: --home DIR"
    )


def by_stdout(error: OSError) -> ConcreteError | None:
    """Return what to tell, on stderr, when stdout cannot take what it still holds."""
    if error.filename is not None:
        return None
    try:
        sys.stdout.flush()
    except OSError as full:
        drop_stdout()
        return BackendUnavailable(
            f"cannot write the result to stdout: {full.strerror}",
            help="free some space where it goes, or let it go elsewhere",
        )
    return None


def _is_closed_to_us(error: OSError) -> bool:
    """Whether it is there, or in a folder, that we may not look into."""
    if error.errno != errno.EACCES or not isinstance(error.filename, str):
        return False
    place = Path(error.filename).absolute()
    there = next(one for one in (place, *place.parents) if os.path.exists(one))  # noqa: PTH110
    return not os.access(there, os.R_OK if there == place else os.X_OK)


def drop_stdout() -> None:
    """Send stdout to nowhere; or the interpreter's last flush would complain about it."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
