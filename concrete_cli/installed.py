"""Where a module comes from: an installed, versioned distribution, or code that may change.

Code of the second kind is found on PYTHONPATH, where a `.pth` file points to, by the finder of an
editable install, or in site-packages, copied there by hand. No version tells of a change in it.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import sys
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

# Names under which well-known modules are published, to spare a search of all that is installed.
PUBLISHED_AS = {
    "sklearn": ("scikit-learn",),
    "xgboost": ("xgboost", "xgboost-cpu"),
    "yaml": ("PyYAML",),
    "PIL": ("pillow",),
}
SITES = ("site-packages", "dist-packages")
# The folder of the program or the current one, which a step does not have on its own sys.path.
_BEFORE_ALL = () if sys.flags.safe_path else tuple(sys.path[:1])


@dataclass(frozen=True)
class Origin:
    """Where a top-level module is: `own` are the file or folders that no version stands for."""

    found: bool
    own: tuple[Path, ...] = ()
    namespace: bool = False


def origin(module: str) -> Origin:
    """Return where a top-level module comes from; nothing of it is executed."""
    return _origin(module, tuple(search_path()))


def search_path() -> list[str]:
    """Return what a step finds on sys.path behind the folders of its own scripts."""
    path = [*sys.path]
    for folder in _BEFORE_ALL:
        with contextlib.suppress(ValueError):
            path.remove(folder)
    return path


@functools.cache
def version(module: str) -> str:
    """Return the installed version of a top-level module; `absent` if there is none."""
    names = PUBLISHED_AS.get(module, (module,))
    for name in names:
        if found := _distributions().get(_canonical(name)):
            return found[0]
    from importlib import metadata  # 20 ms, and rarely needed: what is no wheel, other names

    for name in (*names, *_published().get(module, ())):
        with contextlib.suppress(metadata.PackageNotFoundError):
            return metadata.version(name)
    return "absent"


@functools.cache
def _origin(module: str, path: tuple[str, ...]) -> Origin:
    spec = _spec(module, path)
    if spec is None:
        return Origin(found=module in sys.stdlib_module_names)
    if spec.submodule_search_locations is not None:
        places = [Path(folder) for folder in spec.submodule_search_locations]
    else:
        places = [Path(spec.origin)] if spec.has_location and spec.origin else []
    own = (_on_disk(place) for place in places if not _is_installed(module, place.parent))
    return Origin(
        found=True, own=tuple(place for place in own if place), namespace=spec.origin is None
    )


def _spec(module: str, path: tuple[str, ...]) -> ModuleSpec | None:
    if module in sys.stdlib_module_names:
        standard = os.path.dirname(os.__file__)  # noqa: PTH120  as sys.path has it
        before = path[: path.index(standard)] if standard in path else ()
        folders = [folder for folder in before if Path(folder).is_dir()]
        return PathFinder.find_spec(module, folders) if folders else None
    for finder in sys.meta_path:
        where = [*path] if finder is PathFinder else None
        if spec := finder.find_spec(module, where):
            return spec
    return None


def _on_disk(place: Path) -> Path | None:
    """Return the file or folder itself, or the archive on sys.path that it is in."""
    there = next(path for path in (place, *place.parents) if path.exists())
    return there if there == place or there.is_file() else None


def _is_installed(module: str, root: Path) -> bool:
    """Whether a distribution that is described in `root` has brought the module there."""
    if not _describes(str(root)):
        return False
    known = _distributions()
    for name in map(_canonical, PUBLISHED_AS.get(module, (module,))):
        if name in known and known[name][1] == str(root):
            return True
    from importlib import metadata

    for name in _published().get(module, ()):
        with contextlib.suppress(metadata.PackageNotFoundError):
            if Path(str(metadata.distribution(name).locate_file(""))) == root:
                return True
    return False


@functools.cache
def _describes(folder: str) -> bool:
    """Whether distributions are described in a folder; sources have an .egg-info at most."""
    if os.path.basename(folder) in SITES:  # noqa: PTH119  a Path costs more
        return True
    with contextlib.suppress(OSError):
        return any(name.endswith(".dist-info") for name in os.listdir(folder))  # noqa: PTH208
    return False


@functools.cache
def _distributions() -> dict[str, tuple[str, str]]:
    """Return version and place of what is installed, by the folders in which wheels are described.

    https://packaging.python.org/en/latest/specifications/recording-installed-packages/
    """
    found: dict[str, tuple[str, str]] = {}
    for place in search_path():
        with contextlib.suppress(OSError):
            for entry in os.listdir(place or "."):  # noqa: PTH208  a Path costs more than the call
                if entry.endswith(".dist-info"):
                    name, _, version_ = entry.removesuffix(".dist-info").partition("-")
                    found.setdefault(_canonical(name), (version_, place))
    return found


@functools.cache
def _published() -> dict[str, list[str]]:
    """Return the names of the distributions that a top-level module may come from."""
    from importlib import metadata

    return {module: [*names] for module, names in metadata.packages_distributions().items()}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()
