"""Asking again: what Azure turns down for the moment may well be answered a little later."""

from __future__ import annotations

from collections.abc import Callable
from time import sleep
from typing import TypeVar

from concrete_cli.errors import ConcreteError

from .errors import clear, status_of, transient

BUSY = (429, 503)  # nothing was done: the same may be asked again, whatever it is
PAUSES = (0.5, 1.0, 2.0)  # seconds
FAILURES = 8  # in a row, while a run is watched
T = TypeVar("T")


def while_busy(ask: Callable[[], T]) -> T:
    """Ask again while the service has no time; the SDK does so for some requests only.

    For use within `clear`: errors of the SDK come out as they are.
    """
    for pause in PAUSES:
        try:
            return ask()
        except ConcreteError:
            raise
        except Exception as error:
            if status_of(error) not in BUSY:
                raise
        sleep(pause)
    return ask()


def patiently(ask: Callable[[], T], doing: str, pause: float = 1.0, failures: int = FAILURES) -> T:
    """Ask until there is an answer; what may pass by itself is asked again a little later."""
    for attempt in range(failures + 1):
        try:
            with clear(doing):
                return ask()
        except ConcreteError as error:
            if attempt == failures or not transient(error.__cause__ or error):
                raise
        sleep(min(pause * 2**attempt, 30))
    raise AssertionError
