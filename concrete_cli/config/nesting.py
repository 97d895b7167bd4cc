"""How deeply an experiment may be nested: to parse, copy and check much more takes for ever."""

from __future__ import annotations

import re
from typing import Any

DEEPEST = 32
TOO_DEEP = f"lists or tables are nested too deeply: more than {DEEPEST}"
LONG = f"a key has more than {DEEPEST} parts"
NESTED = "no table of an experiment is nested that deeply"
PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
# A dotted key; the time that it takes to parse grows with the square of its parts.
LONG_KEY = re.compile(rf"(?<![A-Za-z0-9_.-])(?:{PART}[ \t]*\.[ \t]*){{{DEEPEST}}}")


def is_too_deep(data: Any) -> bool:
    """Whether tables and lists are nested deeper than an experiment needs."""
    level = [data]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    return bool(level)
