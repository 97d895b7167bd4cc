"""A request that cannot be answered, and how what was sent is named in the answer."""

from __future__ import annotations

from typing import Any

LARGEST = 1e15  # of a number, or ten times what the training rows held if that is more
LONGEST = 40  # characters of a value that are shown
KINDS = {
    bool: "true or false",
    str: "a text",
    type(None): "null",
    list: "a list",
    dict: "an object",
}


class Rejected(ValueError):
    """A request that cannot be answered; `status` is the HTTP status that says so."""

    def __init__(self, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


def kind(value: Any) -> str:
    """Return what a value is, in words."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "a number" if abs(value) <= LARGEST else "a number that is too large"
    return KINDS.get(type(value), "something else")


def short(value: Any) -> str:
    """Return a value as text that fits into a message."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.10g}"
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
