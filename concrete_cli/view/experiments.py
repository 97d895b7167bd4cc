"""Experiments as people read them: each value, and where it comes from."""

from __future__ import annotations

import json
from typing import Any

from concrete_cli.view import output, style

LONGEST = 40  # characters of a value


def origins(facts: dict[str, Any], rows: list[dict[str, Any]], *, as_json: bool) -> None:
    """Print each effective value of an experiment with its origin."""
    if as_json:
        output.document(facts | {"values": rows})
        return
    cells = [[row["key"], _value(row["value"]), _origin(row)] for row in rows]
    print("\n".join(style.table([["key", "value", "from"], *cells], head=True)))


def _value(value: Any) -> str:
    text = "" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _origin(row: dict[str, Any]) -> str:
    if row["origin"] == "extends":
        return f"{row['place']} (extends)"
    if row["origin"] == "environment":
        return f"environment: {row['place']}"
    return str(row["place"] if row["origin"] == "file" else row["origin"])
