"""How many processors this process may use."""

from __future__ import annotations

import os


def usable() -> int:
    """Return their number: those that the system allows it, where the system can say so."""
    allowed = getattr(os, "sched_getaffinity", None)  # Linux has it, macOS has not
    return len(allowed(0)) if allowed else os.cpu_count() or 1
