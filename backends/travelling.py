"""How much code may travel with a step: the services refuse more, after it has been uploaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

LARGEST, MOST = 300 << 20, 2000  # bytes and files of a snapshot


def problem(step: str, files: Mapping[str, Path]) -> str:
    """Return why the script of a step cannot be uploaded with these files, or nothing."""
    size = sum(path.stat().st_size for path in files.values())
    if size <= LARGEST and len(files) <= MOST:
        return ""
    return (
        f"the files of step {step} are too large to upload: "
        f"{size} bytes in {len(files)} files; {LARGEST} in {MOST} at most"
    )
