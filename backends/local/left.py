"""What a step has left behind: whether its outputs can be kept as they are.

An output is moved, copied, hashed and uploaded as a folder of files. A symbolic link in it has to
lead, by a relative path, to a place in it; any other one would hand on what is not the step's.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from concrete_cli import disk

DEEPEST = 300  # folders below an output


def wrong(work: Path, outputs: list[str]) -> str:
    """Say why what is in `work/outputs` cannot be kept; nothing when it can."""
    folders = {name: work / "outputs" / name for name in outputs}
    for name, folder in {"outputs": work / "outputs", **folders}.items():
        if folder.is_symlink():
            return f"has put a link to {folder.readlink()} in the place of the folder {name}"
    for name, folder in folders.items():
        try:
            for reason in _odd(folder, folder, 0):
                return reason.replace(str(folder), name, 1)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            return f"left what cannot be read in {name}: {error.strerror}"
    if missing := [name for name, folder in folders.items() if not any(disk.files(folder))]:
        return f"exited with 0 but left nothing in {', '.join(missing)}"
    return ""


def settle_folder(path: Path) -> None:
    """Take away what stands where a folder of ours was; else all in its place would be touched."""
    if os.path.lexists(path) and not _is_folder(path):
        path.unlink()


def settle_log(log: Path) -> None:
    """Have a log in its place that can be read: not a pipe, nor a link to somebody's file."""
    if not os.path.lexists(log) or not stat.S_ISREG(log.lstat().st_mode):
        disk.remove(log)
        log.touch(mode=0o600)


def _odd(output: Path, folder: Path, depth: int) -> Iterator[str]:
    """Yield what is wrong below a folder of an output."""
    if depth > DEEPEST:
        yield f"left folders nested more than {DEEPEST} deep in {output}"
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            path = Path(entry.path)
            if entry.is_symlink():
                if reason := _astray(path, output):
                    yield f"left the link {entry.name!r} in {output}, {reason}"
            elif entry.is_dir():
                yield from _odd(output, path, depth + 1)
            elif not entry.is_file():
                yield f"left {entry.name!r} in {output}, which is neither a file nor a folder"


def _astray(link: Path, output: Path) -> str:
    """Say where a link leads, when whoever follows it leaves the output, or comes back for ever."""
    target, end = link.readlink(), Path(os.path.realpath(link))
    if target.is_absolute() or not end.is_relative_to(os.path.realpath(output)):
        return f"which leads out of it, to {target}"
    if Path(os.path.realpath(link.parent)).is_relative_to(end) or _is_loop(link):
        return "which leads back to itself"
    return ""


def _is_loop(link: Path) -> bool:
    try:
        link.stat()
    except OSError as error:
        return error.errno == errno.ELOOP  # else it leads to what is not there
    return False


def _is_folder(path: Path) -> bool:
    """Whether a folder is there itself, not a link to one."""
    return path.is_dir() and not path.is_symlink()
