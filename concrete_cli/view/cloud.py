"""What goes on elsewhere, as people read it: previews, rehearsals, addresses, schedules."""

from __future__ import annotations

import sys
from typing import Any

from concrete_cli.backend import Event
from concrete_cli.sources import urls
from concrete_cli.view import output, style


def preview(found: dict[str, Any], *, as_json: bool) -> None:
    """Print what would be sent, step by step."""
    if as_json:
        output.document(found)
        return
    for step in found["steps"]:
        size = style.size(step["bytes"])
        head = f"{len(step['files'])} files, {size}"
        print(f"{style.paint(step['name'], 'bold')}  on {step['compute']}  {head}")
        print(f"  {step['command']}")
        for word, names in (("reads", step["reads"]), ("writes", step["writes"])):
            if names:
                print(f"  {word} {', '.join(names)}")
    for source in found["sources"]:
        size = style.size(source["bytes"]) if source["bytes"] else "there already"
        if urls.is_url(source["uri"]):
            size = "fetched here first, then uploaded"
        print(f"source {source['uri']}  to {source['destination']}  {size}")
    total = style.size(found["bytes"])
    print(f"\n{len(found['steps'])} steps on {found['backend']}, {total} to upload at most")
    if found["file"]:
        print(found["file"])


def progress(where: str, event: Event) -> None:
    """Print a line on stderr when a step has ended on one of the two sides of a rehearsal."""
    if event.state.ended:
        mark = style.mark(event.state, sys.stderr)
        words = f"{mark} {where:<12} {event.step:<28} {event.state}  {event.detail}"
        print(words.rstrip(), file=sys.stderr, flush=True)


def rehearsed(found: dict[str, Any], *, as_json: bool) -> None:
    """Print whether both sides came to the same, or which step differs and how."""
    if as_json:
        output.document(found)
        return
    for step in found["steps"]:
        print(f"{style.mark('done' if step['equal'] else 'failed')} {step['name']}")
        for line in step["differences"]:
            print(f"    {line}")
    wrong = sum(not step["equal"] for step in found["steps"])
    if found["equal"]:
        print(f"\nequal: {found['backend']} comes to what local comes to, file by file")
    else:
        print(
            f"\nnot equal: {wrong} of {len(found['steps'])} steps differ on {found['backend']}"
            " or did not succeed"
        )


def published(found: dict[str, Any], *, as_json: bool) -> None:
    """Print the address, and how to call it."""
    if as_json:
        output.document(found)
        return
    print(f"{style.paint(found['name'], 'bold')}  {found['url']}")
    for name, value in found["parameters"].items():
        print(f"  {name} = {value}")
    print(f"\n{found['curl']}")


def scheduled(found: dict[str, Any], *, as_json: bool) -> None:
    """Print a schedule; one that is only shown comes with what installs it."""
    if as_json:
        output.document(found)
        return
    print(_line(found))
    if found.get("text"):
        print(f"\n{found['text'].rstrip()}")
    if found.get("installed") is False:
        print("it starts nothing yet: the same command with --install", file=sys.stderr)


def schedules(rows: list[dict[str, Any]], first: str, *, as_json: bool) -> None:
    """Print the list of schedules; `first` is the command that makes one."""
    if as_json:
        output.document({"schedules": rows})
        return
    print("\n".join(map(_line, rows)) or f"no schedules yet: {first}")


def withdrawn(name: str, *, as_json: bool) -> None:
    """Say that an address starts nothing any more."""
    if as_json:
        output.document({"name": name, "status": "withdrawn"})
    else:
        print(f"{name} is withdrawn")


def deleted(found: dict[str, Any], *, as_json: bool) -> None:
    """Say that a schedule is gone, or as good as gone."""
    if as_json:
        output.document(found)
    elif found["status"] == "disabled":
        print(f"{found['name']} is disabled: {found['why']}")
    else:
        print(f"{found['name']} is deleted")


def fetched(found: dict[str, Any], *, as_json: bool) -> None:
    """Say what was copied where."""
    if as_json:
        output.document(found)
    else:
        size = style.size(found["bytes"])
        print(f"{found['output']} is in {found['path']}  {found['files']} files, {size}")


def seen(found: dict[str, Any], *, as_json: bool) -> None:
    """Print a run that was made on another machine, as far as it can be seen from here."""
    if as_json:
        output.document(found)
        return
    print(f"{found['handle']}  on {found['backend']}, {found['status']}\n")
    rows = []
    for step in found["steps"]:
        took = style.seconds(step["seconds"]) if step["seconds"] else ""
        named = f"{style.mark(step['state'])} {step['name']}"
        rows.append([named, step["state"], took, style.harmless(step["detail"])])
    print("\n".join(style.table(rows, right=(2,))))


def findings(name: str, rows: list[dict[str, Any]], *, as_json: bool) -> None:
    """Print what `doctor` found of a backend."""
    if as_json:
        output.document({"backend": name, "findings": rows})
        return
    for row in rows:
        print(f"{style.mark('done' if row['ok'] else 'failed')} {row['what']}  {row['detail']}")
        if row["help"] and not row["ok"]:
            print(f"    {row['help']}")


def carried(found: dict[str, Any], *, as_json: bool) -> None:
    """Say which version was pulled or pushed, and what it is called there."""
    if as_json:
        output.document(found)
        return
    here = f"{found['here']['name']}:{found['here']['version']}"
    there = f"{found['there']['name']}:{found['there']['version']} on {found['backend']}"
    print(f"{there} is {here} here" if found["way"] == "pulled" else f"{here} is {there}")


def _line(found: dict[str, Any]) -> str:
    word = "active" if found["active"] else "disabled"
    if found.get("installed") is False:
        word = "not installed"
    return f"{style.paint(found['name'], 'bold')}  {found['when']}  {word}  {found['pipeline']}"
