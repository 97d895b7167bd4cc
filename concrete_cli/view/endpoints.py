"""Endpoints as people read them."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

from concrete_cli.view import output, style

COLOURS = {"running": "green", "stopped": "yellow"}


def deployed(found: dict[str, Any], *, as_json: bool) -> None:
    """Print what was deployed, and how to ask it."""
    endpoint(found, as_json=as_json)
    if as_json:
        return
    name = found["endpoint"]
    print(f"ask it   concrete invoke {name} FILE", file=sys.stderr)
    print(f"stop it  concrete endpoints stop {name}", file=sys.stderr)
    if not found.get("loopback", True):
        warning = style.paint("warning", "yellow", stream=sys.stderr)
        print(
            f"{warning}: other machines can reach it. Every path but /health and /ready needs the"
            " key, which travels unencrypted: put a server that speaks TLS in front.",
            file=sys.stderr,
        )


def endpoint(found: dict[str, Any], *, as_json: bool) -> None:
    """Print one endpoint."""
    if as_json:
        output.document(found)
        return
    colour = COLOURS.get(found["status"], "red")
    print(f"{style.paint(found['endpoint'], 'bold')}  {style.paint(found['status'], colour)}")
    rows = {
        "url": found["url"],
        "model": _model(found),
        "key": found.get("key_file", ""),
        "log": found.get("log", ""),
        "workers": f"{found['workers']}, supervised by {found['pid']}" if found["pid"] else "",
    }
    for name, value in rows.items():
        if value:
            print(f"{name:<8} {value}")


def endpoints(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    """Print the list of endpoints."""
    if as_json:
        output.document({"endpoints": rows})
        return
    cells = [
        [
            row["endpoint"],
            row["status"],
            row["url"],
            _model(row),
            _date(row["created"]),
        ]
        for row in rows
    ]
    lines = style.table([["endpoint", "status", "url", "model", "created"], *cells])
    print(style.paint(lines[0], "dim"))
    print("\n".join(lines[1:]) or "no endpoints yet: concrete deploy")


def removed(name: str, *, as_json: bool) -> None:
    """Say that an endpoint is gone."""
    if as_json:
        output.document({"endpoint": name, "status": "removed"})
    else:
        print(f"{name} removed")


def _date(created: float | None) -> str:
    if not created:  # a cloud does not say
        return ""
    return f"{datetime.fromtimestamp(created).astimezone():%Y-%m-%d %H:%M}"


def _model(found: dict[str, Any]) -> str:
    note = "" if found.get("registered", True) else " (not registered: it serves its own copy)"
    return f"{found['model']}{note}"
