"""What the script of a served model has answered, as the SDKs hand it over."""

from __future__ import annotations

import json
from typing import Any


def read(answer: Any) -> Any:
    """Return the data in an answer: JSON, or JSON in a text of JSON; other text as it is."""
    for _ in range(2):
        if not isinstance(answer, str):
            break
        try:
            answer = json.loads(answer)
        except ValueError:
            break
    return answer
