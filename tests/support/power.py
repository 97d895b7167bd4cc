"""What a power cut leaves of a folder: only what was synced, seen by a hook on fsync."""

from __future__ import annotations

import os
import stat
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Folder = dict[str, tuple[int, bool]]  # name -> inode, and whether it is a folder


@dataclass
class Disk:
    """The contents of files and folders, by inode, as they were when they were last synced.

    Whatever is there when this is made counts as synced. `moments` are the states in which a file
    called `mark` was synced: whoever reads it may rely on what it says.
    """

    root: Path
    mark: str
    files: dict[int, bytes] = field(default_factory=dict)
    folders: dict[int, Folder] = field(default_factory=dict)
    moments: list[tuple[dict[int, bytes], dict[int, Folder]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._sync = os.fsync
        for path in (self.root, *self.root.rglob("*")):
            if path.is_dir() or path.is_file():
                handle = os.open(path, os.O_RDONLY)
                self._take(handle)
                os.close(handle)

    def install(self, monkeypatch: Any) -> None:
        """Take note of all that this process syncs from now on."""
        monkeypatch.setattr(os, "fsync", self.fsync)
        monkeypatch.setattr(os, "fdatasync", self.fsync, raising=False)

    def fsync(self, handle: int) -> None:
        self._sync(handle)
        path = Path(f"/proc/self/fd/{handle}").readlink()
        with self._lock:
            self._take(handle)
            if path.name == self.mark:
                folders = {inode: dict(inside) for inode, inside in self.folders.items()}
                self.moments.append((dict(self.files), folders))

    def after_cut(self, into: Path, moment: int | None = None) -> Path:
        """Make the folder as it is found after a cut, now or right behind a moment."""
        now = self.files, self.folders
        files, folders = now if moment is None else self.moments[moment]

        def made(inode: int, place: Path, *, folder: bool) -> None:
            """Of what was not synced itself the name came to the disk, and no more."""
            if not folder:
                place.write_bytes(files.get(inode, b""))
                return
            place.mkdir(mode=0o700)
            for name, (inside, is_folder) in folders.get(inode, {}).items():
                made(inside, place / name, folder=is_folder)

        made(self.root.stat().st_ino, into, folder=True)
        return into

    def _take(self, handle: int) -> None:
        facts = os.fstat(handle)
        if stat.S_ISDIR(facts.st_mode):
            with os.scandir(handle) as entries:
                self.folders[facts.st_ino] = {
                    one.name: (one.inode(), one.is_dir(follow_symlinks=False)) for one in entries
                }
        else:
            self.files[facts.st_ino] = Path(f"/proc/self/fd/{handle}").read_bytes()
