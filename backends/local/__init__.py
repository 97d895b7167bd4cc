"""The local backend: a process per step, folders handed over, nothing done twice.

The processes of steps import this package too, and must not pay for the backend itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .backend import LocalBackend

__all__ = ["LocalBackend"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    from .backend import LocalBackend

    return LocalBackend
