"""Where a command works: which experiment, which home, which backend."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concrete_cli import backend, home, leftovers
from concrete_cli.backend import Backend
from concrete_cli.errors import NotFound
from concrete_cli.runs import Run, Runs

FILE = "concrete.toml"
FOLDER = ".concrete"
HOMES = (FOLDER, f"configs/{FOLDER}")  # beside an experiment, see nearest_experiment


@dataclass(frozen=True)
class Workspace:
    """A home, and what is in it."""

    home: Path

    @property
    def runs(self) -> Runs:
        """The runs in this home."""
        return Runs(self.home)

    def backend_of(self, run: Run) -> Backend:
        """Return the backend that a run was handed to, with the settings of its experiment."""
        record = run.record
        return backend.load(record["backend"], self.home, record.get("settings", {}))

    def backend(self, name: str, settings: dict[str, Any]) -> Backend:
        """Return a backend by name."""
        return backend.load(name, self.home, settings)


def nearest_experiment(start: Path) -> Path:
    """Return the `concrete.toml` in a folder, in its `configs/`, or in the nearest one above."""
    for folder in (start, *start.parents):
        for place in (folder / FILE, folder / "configs" / FILE):
            if place.is_file():
                return place
    near = sorted(path.name for path in start.glob("*.toml") if path.name != "pyproject.toml")
    advice = (
        f"name one: {', '.join(near)}"
        if near
        else "name one, or write one: concrete init my-experiment"
    )
    raise NotFound("experiment", FILE, help=f"not here and not in a folder above; {advice}")


def home_of(file: Path, chosen: Path | None) -> Path:
    """Return the home of an experiment: `--home`, CONCRETE_HOME, or beside the file."""
    return _chosen(chosen) or file.absolute().parent / FOLDER


def of_experiment(file: Path, chosen: Path | None) -> Workspace:
    """Return the workspace of an experiment, its home made if it is not there."""
    return _open(home_of(file, chosen))


def here(chosen: Path | None) -> Workspace:
    """Return the workspace for commands that name no experiment."""
    if place := _chosen(chosen):
        return _open(place)
    return there(None) or of_experiment(nearest_experiment(Path.cwd()), None)


def there(chosen: Path | None) -> Workspace | None:
    """Return the workspace for such commands if it is there already; none is made."""
    place = _chosen(chosen)
    start = Path.cwd()
    above = [folder / name for folder in (start, *start.parents) for name in HOMES]
    for home_ in [place] if place else above:
        if (home_ / "VERSION").is_file():
            return _open(home_)
    return None


def _open(place: Path) -> Workspace:
    """Open a home; what killed processes left in it is cleared away before it is used."""
    found = home.prepare(place)
    if any(leftovers.abandoned(found)) or leftovers.of_endpoints(found):
        local: Any = backend.load("local", found)
        local.clear_up()
    return Workspace(found)


def _chosen(chosen: Path | None) -> Path | None:
    if chosen:
        return chosen
    named: Iterable[str] = filter(None, [os.environ.get("CONCRETE_HOME")])
    return next((Path(name) for name in named), None)
