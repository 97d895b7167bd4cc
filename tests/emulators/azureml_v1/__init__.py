"""Azure ML as the SDK v1 sees it. `Emulator` is a workspace on loopback; see `server.py`."""

from __future__ import annotations

from .server import Emulator

__all__ = ["Emulator"]
