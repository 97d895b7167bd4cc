"""The key of an endpoint: made here, kept in a file that only its owner can read."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from concrete_cli import disk

FILE = "key"


def write(path: Path) -> None:
    """Put a new key into the file, whole or not at all; the file is made with mode 0600."""
    disk.write(path, secrets.token_urlsafe(32) + "\n")


class Key:
    """The key in a file; a rotated one counts from the next request on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._key = b""

    def admits(self, given: bytes) -> bool:
        """Whether this is the key. How long that takes does not depend on where they differ."""
        facts = os.stat(self._path)  # noqa: PTH116  on every request: the quick way
        seen = facts.st_mtime_ns, facts.st_ino
        if seen != self._seen:
            self._key = self._path.read_bytes().strip()
            self._seen = seen
        return hmac.compare_digest(given, self._key) and bool(self._key)
