"""What travels: how much code with a step, and with a run what its experiment was changed by."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from concrete_cli import disk

LARGEST, MOST = 300 << 20, 2000  # bytes and files of a snapshot
SET = "concrete_set_"
ROOM, TAGS = 1000, 40  # characters of a tag; a run may have 50 tags
CUT = "\N{HORIZONTAL ELLIPSIS}"
OURS = ("backend.", "tracking.")  # for this machine; it may hold secrets


def problem(step: str, files: Mapping[str, Path]) -> str:
    """Return why the script of a step cannot be uploaded with these files, or nothing."""
    size = sum(path.stat().st_size for path in files.values())
    if size <= LARGEST and len(files) <= MOST:
        return ""
    return (
        f"the files of step {step} are too large to upload: "
        f"{size} bytes in {len(files)} files; {LARGEST} in {MOST} at most"
    )


def tags(run_folder: Path) -> dict[str, str]:
    """Return the tags that tell another machine what `--set` a run was made with."""
    sets: list[str] = []
    with contextlib.suppress(FileNotFoundError):
        sets = disk.read_json(run_folder / "run.json").get("sets", [])
    plain = [one for one in sets if not one.strip().startswith(OURS)]
    return {f"{SET}{place:02}": _cut(text) for place, text in enumerate(plain[:TAGS])}


def sets(tags_: Mapping[str, str] | None) -> list[str]:
    """Return what `tags` has made tags of; one that was too long ends in CUT."""
    found = {key: text for key, text in (tags_ or {}).items() if key.startswith(SET)}
    return [found[key] for key in sorted(found)]


def _cut(text: str) -> str:
    return text if len(text) <= ROOM else text[: ROOM - 1] + CUT
