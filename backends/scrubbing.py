"""Secrets are taken out of every text that a cloud sends, before anybody sees or keeps it."""

from __future__ import annotations

import os
import re

SECRETS = re.compile(
    r"(?i)(\bsig=|\bsas=|accountkey=|sharedaccesskey=|bearer\s+"
    r"|(?:secret|password)['\"]?\s*[=:]\s*['\"]?)[^\s&\"',;]+|(?<![\w-])eyJ[\w-]++\.[\w-]*\.[\w-]*"
)
NAMES = ("_SECRET", "_PASSWORD", "_TOKEN", "_KEY")  # ends of variables that hide something
SHORTEST = 6  # characters: a shorter one would be found in many words


def scrub(text: str) -> str:
    """Take the secrets out of a text: tokens, signatures, and what the environment hides."""
    for name, value in os.environ.items():
        if len(value) >= SHORTEST and name.upper().endswith(NAMES):
            text = text.replace(value, "***")
    return SECRETS.sub(lambda match: f"{match.group(1) or ''}***", text)
