"""Endpoints as people read them."""

from __future__ import annotations

import functools
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from concrete_cli import lines
from concrete_cli.view import output, style

COLOURS = {"running": "green", "stopped": "yellow"}
# Keys of a line that a person is not told of by their names, or not at all.
GROUND = ("time", "pid", "request", "event", "method", "path", "status", "ms", "score_ms")


def deployed(found: dict[str, Any], *, as_json: bool) -> None:
    """Print what was deployed, and how to ask it."""
    endpoint(found, as_json=as_json)
    if as_json:
        return
    name, backend = found["endpoint"], found.get("backend", "")
    if "moved_from" in found:
        warning = style.paint("warning", "yellow", stream=sys.stderr)
        print(
            f"{warning}: another process listens at {found['moved_from']}, where {name} was:"
            " its URL has changed.",
            file=sys.stderr,
        )
    home = None if backend else Path(found["key_file"]).parents[2]
    line = functools.partial(lines.line, home=home, backend=backend)
    if not backend:
        print(f"ask it   {line('invoke', name, '--sample')}", file=sys.stderr)
    print(f"stop it  {line('endpoints', 'stop', name)}", file=sys.stderr)
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
        "names": ", ".join(found.get("hosts", ())),
        "path": found.get("root_path", ""),
        "pages": ", ".join(found.get("origins", ())),
        "model": _model(found),
        "key": found.get("key_file", ""),
        "log": found.get("log", ""),
        "workers": f"{found['workers']}, supervised by {found['pid']}" if found["pid"] else "",
    }
    for name, value in rows.items():
        if value:
            print(f"{name:<8} {value}")


def endpoints(rows: list[dict[str, Any]], first: str, *, as_json: bool) -> None:
    """Print the list of endpoints; `first` is the command that makes one."""
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
    head = ["endpoint", "status", "url", "model", "created"]
    print("\n".join(style.table([head, *cells], head=True)))
    if not rows:
        print(f"no endpoints yet: {first}")


def log_line(line: str, *, as_json: bool) -> str:
    """Return a line of a log: as it is, or for a terminal as a person reads it."""
    if as_json or not sys.stdout.isatty():
        return line
    try:
        facts = json.loads(line)
        when = f"{datetime.fromtimestamp(facts['time']).astimezone():%Y-%m-%d %H:%M:%S}"
    except (ValueError, TypeError, KeyError, OverflowError):
        return line  # what a library or a cloud has printed
    more = [f"{name} {value}" for name, value in facts.items() if name not in GROUND]
    if "status" in facts:
        colour = "red" if facts["status"] >= 500 else "yellow" if facts["status"] >= 400 else ""
        status = style.paint(str(facts["status"]), colour) if colour else str(facts["status"])
        told = f"{status}  {facts['method']} {facts['path']}"
        more.insert(0, f"{facts['ms']:.1f} ms")
    else:
        told = str(facts.get("event", ""))
    return "  ".join([style.paint(when, "dim"), told, *more])


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
