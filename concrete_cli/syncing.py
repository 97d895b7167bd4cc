"""Bringing files and folders to the disk, so that a power cut does not take them back.

A file system brings to the disk all that waits when one file is asked for. So several are asked for
at once: that takes hardly longer than one.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

AT_ONCE = 8  # files


def bring(*paths: Path) -> None:
    """Have files, and folders with all that is in them, on the disk when this returns."""
    with Syncing() as syncing:
        syncing.bring(paths)


class Syncing:
    """Threads that wait for the disk."""

    def __enter__(self) -> Self:
        """Start nothing yet."""
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="syncing")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the threads."""
        self._pool.shutdown()

    def bring(self, paths: Iterable[Path]) -> None:
        """Bring the files to the disk, then the folders that name them, then the two above.

        What somebody has removed meanwhile does not count, nor a folder above that is closed to us.
        """
        files: list[str] = []
        folders: dict[str, None] = {}
        for path in paths:
            _collect(os.fspath(path), files, folders)
            folders |= dict.fromkeys((str(path.parent), str(path.parent.parent)))
        for some in (files, [*folders]):
            slices = (some[start::AT_ONCE] for start in range(min(AT_ONCE, len(some))))
            for _ in self._pool.map(_sync_all, slices):
                pass


def _collect(path: str, files: list[str], folders: dict[str, None]) -> None:
    if not os.path.isdir(path):  # noqa: PTH112  a Path costs more than the look
        files.append(path)
        return
    folders[path] = None
    with contextlib.suppress(FileNotFoundError), os.scandir(path) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                _collect(entry.path, files, folders)
            elif entry.is_file(follow_symlinks=False):  # a link is part of its folder
                files.append(entry.path)


def _sync_all(paths: Collection[str]) -> None:
    for path in paths:
        with contextlib.suppress(FileNotFoundError, PermissionError):
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                os.fsync(handle)
            except OSError as error:
                if error.errno != errno.EINVAL:  # some network file systems know it of files only
                    raise
            finally:
                os.close(handle)
