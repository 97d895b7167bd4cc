"""Registered models as people read them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from concrete_cli.registry.models import Version
from concrete_cli.view import output, style
from concrete_cli.view.scores import score


def listed(rows: list[dict[str, Any]], first: str, *, as_json: bool) -> None:
    """Print the list of versions; `first` is the command that registers one."""
    if as_json:
        output.document({"models": rows})
        return
    if not rows:
        print(f"no models yet; with [register] in the experiment: {first}")
        return
    cells = [["model", "aliases", "rmse", "r2", "created", "run"]]
    cells += [
        [
            f"{row['name']}:{row['version']}",
            ", ".join(row["aliases"]),
            *_scores(row["metrics"] or {}),
            (row["created"] or "")[:16].replace("T", " "),
            row["run"] or (f"damaged: {row['damage']}" if row.get("damage") else ""),
        ]
        for row in rows
    ]
    print("\n".join(style.table(cells, right=(2, 3), head=True)))


def shown(found: dict[str, Any], *, as_json: bool) -> None:
    """Print one version: its names, its card, where it comes from."""
    if as_json:
        output.document(found)
        return
    aliases = "".join(f"  @{alias}" for alias in found["aliases"])
    print(style.paint(f"{found['name']}:{found['version']}{aliases}", "bold"))
    lineage = found["lineage"]
    rows = [["created", found["created"] or ""], ["run", found["run"] or ""]]
    rows += [["after", one["run"]] for one in lineage["runs"] if one["run"] != found["run"]]
    rows += [["data", f"{one['source']}  sha256 {one['sha256'][:12]}"] for one in lineage["data"]]
    if git := lineage["git"]:
        rows.append(["git", git["commit"][:12] + (" with changes" if git["changed"] else "")])
    if found["code"]:
        rows.append(["code", f"{', '.join(found['code'])}: loading the model runs it"])
    rows.append(["path", found["path"]])
    rows.append(["files", f"damaged: {found['damage']}" if found["damage"] else "as registered"])
    print("\n".join(style.table(rows)))
    if found["card"]:
        print()
        _card(found["card"])


def _card(text: str) -> None:
    """Print Markdown: as it is, or in a terminal as it is meant."""
    if not sys.stdout.isatty():
        print(style.plain(text.rstrip()))
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(style.plain(text)))


def verified(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    """Print which versions are as they were registered."""
    if as_json:
        output.document({"models": rows})
        return
    for row in rows:
        sign = style.mark("failed" if row["damage"] else "done")
        ref = row["name"] if row["version"] is None else f"{row['name']}:{row['version']}"
        print(f"{sign} {ref}  {row['damage'] or ''}".rstrip())


def reproduced(found: dict[str, Any], *, as_json: bool) -> None:
    """Print whether a model was made again, and what was different."""
    if as_json:
        output.document(found)
        return
    word = "the same" if found["same"] else "not the same"
    print(style.paint(f"{found['model']}: {word}", "bold"))
    rows = [["", "then", "now"]]
    rows += [[name, *map(_plain, values)] for name, values in found["metrics"].items()]
    print("\n".join(style.table(rows, right=(1, 2), head=True)))
    for file, same in found["files"].items():
        print(f"{style.mark('done' if same else 'failed')} {file}")
    for line in found["differences"]:
        print(f"differs: {line}")


def tagged(found: dict[str, Any], alias: str, *, as_json: bool) -> None:
    """Say what an alias stands for now."""
    _say(f"{found['name']}@{alias} is {_ref(found)}", found | {"alias": alias}, as_json)


def untagged(name: str, alias: str, *, as_json: bool) -> None:
    """Say that an alias is gone."""
    _say(f"{name}@{alias} is gone", {"name": name, "alias": alias}, as_json)


def exported(version: Version, file: Path, *, as_json: bool) -> None:
    """Say where the file is."""
    _say(f"{version.ref} is in {file}", _of(version) | {"file": str(file)}, as_json)


def imported(version: Version, *, new: bool, as_json: bool) -> None:
    """Say which version it has become, or is already."""
    told = f"registered {version.ref}" if new else f"{version.ref} is that model already"
    _say(told, {"registered": _of(version)}, as_json)


def going(found: dict[str, Any], *, as_json: bool) -> None:
    """Say what would be gone."""
    _say(f"{_ref(found)} would go", {"would_delete": found}, as_json)


def deleted(found: dict[str, Any], *, as_json: bool) -> None:
    """Say what is gone, or as good as gone."""
    word = "archived: the SDK v2 deletes no model" if found.get("archived") else "gone"
    _say(f"{_ref(found)} is {word}", {"deleted": found}, as_json)


def _of(version: Version) -> dict[str, Any]:
    return {"name": version.name, "version": version.number}


def _ref(found: dict[str, Any]) -> str:
    return f"{found['name']}:{found['version']}"


def _say(text: str, found: dict[str, Any], as_json: bool) -> None:  # noqa: FBT001
    if as_json:
        output.document(found)
    else:
        print(text)


def _scores(metrics: dict[str, float | None]) -> list[str]:
    rmse, r2 = metrics.get("rmse"), metrics.get("r2")
    return ["" if rmse is None else score(rmse, rmse), "" if r2 is None else score(r2)]


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"
