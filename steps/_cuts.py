"""Cutting a CSV file between two records: quotes tell whether a line end is inside a value."""

from __future__ import annotations

import io
from typing import Any

BLOCK = 1 << 20


class Piece(io.RawIOBase):
    """The bytes of a file from one place to another."""

    def __init__(self, file: Any, begin: int, end: int) -> None:
        self._file, self._left = file, end - begin
        file.seek(begin)

    def readable(self) -> bool:
        """Say yes: this is what it is for."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes, at most up to the end of the piece."""
        data = self._file.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)


def boundary(file: Any, place: int, start: int, quote: bytes) -> int:
    """Return where the first record at or after a place begins; the first of all is at `start`."""
    inside = _count(file, quote, start, place) % 2 == 1
    file.seek(place)
    at = place
    while block := file.read(1 << 16):
        for line in block.splitlines(keepends=True):
            at += len(line)
            inside ^= line.count(quote) % 2 == 1
            if line.endswith(b"\n") and not inside:
                return at
    return at


def records(file: Any, start: int, end: int, quote: bytes) -> int:
    """Return how many records there are between two places."""
    file.seek(start)
    count, inside, left = 0, False, end - start
    while left > 0 and (line := file.readline()):
        left -= len(line)
        inside ^= line.count(quote) % 2 == 1
        count += not inside
    return count


def _count(file: Any, byte: bytes, begin: int, end: int) -> int:
    file.seek(begin)
    total, left = 0, end - begin
    while left > 0 and (block := file.read(min(BLOCK, left))):
        total += block.count(byte)
        left -= len(block)
    return total
