"""How a process of a cloud ended, said as a local run says it."""

from __future__ import annotations

import re
import signal

EXITED = re.compile(r"exited with (?:status |exit )?code (-?\d+)")


def told(text: str) -> str:
    """Return a service's message, or how the process ended where that is all that it tells.

    A shell tells a signal as 128 and its number, Python as the number below zero.
    """
    match = EXITED.search(text)
    if match is None:
        return text
    code = int(match[1])
    number = -code if code < 0 else code - 128
    if number > 0:
        try:
            name = signal.Signals(number).name
        except ValueError:
            return f"exited with {code}"
        return f"was killed by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
    return f"exited with {code}"
