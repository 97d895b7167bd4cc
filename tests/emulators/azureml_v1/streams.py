"""Bodies of requests and answers, piece by piece: a gigabyte passes through a megabyte."""

from __future__ import annotations

from typing import Any

PIECE = 1 << 20


class Counting:
    """The body of a request; what a route leaves unread is drained, as keep-alive needs it."""

    def __init__(self, stream: Any, length: int) -> None:
        self.stream, self.left = stream, length

    def read(self, size: int = -1) -> bytes:
        data: bytes = self.stream.read(self.left if size < 0 else min(size, self.left))
        self.left -= len(data)
        return data

    def drain(self) -> None:
        while self.left and self.read(PIECE):
            pass


def copy(source: Any, target: Any, length: int) -> None:
    while length:
        data = source.read(min(length, PIECE))
        if not data:
            return
        target.write(data)
        length -= len(data)
