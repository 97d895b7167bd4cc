"""The line that starts a published plan from a shell."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any


def post(url: str, body: Mapping[str, Any], *, token: str) -> str:
    """Return a line that posts JSON; `token` is the command that prints what to sign in with."""
    what = shlex.join(["-H", "Content-Type: application/json", "-d", json.dumps(body), url])
    return f'curl -X POST -H "Authorization: Bearer $({token})" {what}'
