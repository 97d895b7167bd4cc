"""The copy of a bundle that an endpoint serves, whatever becomes of the model."""

from __future__ import annotations

import shutil
from pathlib import Path

from concrete_cli import digest, disk, syncing
from concrete_cli.errors import Damaged

from .settings import Settings


def copy(bundle: Path, folder: Path) -> Path:
    """Copy a bundle into the folder of an endpoint, whole or not at all; return the copy."""
    name = _name(bundle)
    place, scratch = folder / name, folder / f".{name}"
    if place.is_dir() and _name(place) != name:
        disk.remove(place)  # it is damaged: here comes a whole one
    if not place.is_dir():
        disk.remove(scratch)
        shutil.copytree(bundle, scratch, copy_function=shutil.copyfile)
        disk.failpoint("deploy:copied")
        syncing.bring(scratch)
        scratch.rename(place)
        disk.sync_folder(folder)
    return place


def check(place: Path) -> None:
    """Refuse a copy that is not what was deployed: model, manifest, code, all of it.

    Its name is the digest of what is in it.
    """
    if not place.is_dir() or _name(place) != place.name:
        raise Damaged(
            f"{place} is not the bundle that was deployed",
            help=f"deploy it again: concrete deploy --name {place.parent.name} --model MODEL",
        )


def _name(bundle: Path) -> str:
    return f"bundle-{digest.of_json(digest.of_files(bundle))[:12]}"


def clean(folder: Path, how: Settings | None) -> None:
    """Remove copies that are not served any more, and an endpoint that never came to be."""
    for path in folder.glob("*bundle-*"):
        if not how or path.name != how.bundle:
            disk.remove(path)
    for path in folder.glob(".*"):
        if path.is_file():  # of a command that was killed while it wrote
            path.unlink()
    if not how:
        disk.remove(folder)
