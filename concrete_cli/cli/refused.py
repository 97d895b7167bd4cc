"""What the system refuses while a command runs: a file to read, a place to write, a full disk."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
from pathlib import Path

from concrete_cli import home
from concrete_cli.errors import BackendUnavailable, ConcreteError, NotFound

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)
GONE = (errno.ENOENT, errno.ESTALE)
ELSEWHERE = ": --home DIR"
# What helps; with FULL and FORBIDDEN it was writing that failed, else nobody knows.
ADVICE = {
    errno.ENOSPC: f"free some space there, or choose another disk{ELSEWHERE}",
    errno.EDQUOT: f"free some of your quota there, or choose another disk{ELSEWHERE}",
    errno.EFBIG: "no file may grow that large there: raise the limit (ulimit -f), or choose"
    f" another disk{ELSEWHERE}",
    **dict.fromkeys(FORBIDDEN, f"choose a folder that you may write to{ELSEWHERE}"),
    errno.EIO: "the disk or the network behind it fails: see what the system logs (dmesg), then"
    f" try again, or choose another disk{ELSEWHERE}",
    errno.EMFILE: "allow more open files, then try again: ulimit -n 4096",
    errno.ENFILE: "close other programs, then try again: the whole system has too many open files",
    errno.ENOMEM: "close other programs, then try again",
    errno.ENAMETOOLONG: f"choose a folder with a shorter path{ELSEWHERE}",
    errno.ELOOP: "remove the symbolic link that leads back to itself",
    **dict.fromkeys(GONE, "it was removed or renamed while the command ran; try again"),
}


def told(error: OSError) -> ConcreteError | None:
    """Return what to tell of it; nothing where it is not the system that refuses something."""
    if isinstance(error, shutil.Error):
        return _of_copy(error)
    if error.errno is None:
        return None
    reason = error.strerror or os.strerror(error.errno)
    if error.errno in GONE and not error.filename and _is_nowhere():
        hint = "it was removed; change to another one: cd"
        return NotFound("current folder", os.environ.get("PWD", "."), help=hint)
    if _is_closed_to_us(error):
        return BackendUnavailable(
            f"cannot read {error.filename}: {reason}", help="its owner can change that: chmod"
        )
    writing = error.errno in FULL + FORBIDDEN
    place = _place(error)
    advice = ADVICE.get(error.errno, "see whether the path is right, then try again")
    return BackendUnavailable(
        f"cannot {'write' if writing else 'use'} {place}: {reason}", help=advice
    )


def _of_copy(error: shutil.Error) -> ConcreteError:
    """Return what to tell of several files, none of which could be copied: it is the first."""
    source, target, reason = error.args[0][0] if isinstance(error.args[0], list) else ("", "", "")
    message = f"cannot copy {source} to {target}: {reason}" if source else str(error)
    return BackendUnavailable(message, help=f"see whether there is room{ELSEWHERE}")


def _place(error: OSError) -> str:
    if error.filename is None or isinstance(error.filename, int):
        return str(home.opened() or "a file")
    return os.fsdecode(error.filename)


def _is_nowhere() -> bool:
    """Whether the current folder is gone."""
    try:
        Path.cwd()
    except OSError:
        return True
    return False


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
