"""The user's own code that a model is made of: it goes where the model goes.

    code/my_module.py     beside model.skops, with what it imports; the manifest has their sums

Whoever loads the model runs this code, and no other: not what a module of that name has become
meanwhile, and not what lies beside it without being listed.
"""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from _closure import imports, own_modules
from _families import members
from _manifest import CODE, digest, is_plain
from _step import Refused

OURS = frozenset(path.stem for path in Path(__file__).parent.glob("_*.py"))


def carry(
    model: str, params: Mapping[str, Any], folder: Path, declared: Sequence[str] = ()
) -> dict[str, Any]:
    """Copy the modules of own classes into a model's folder; return what its manifest says of them.

    `declared` are further files that the classes read, beside them. `code` is name -> sha256,
    `imports` the modules that they need from libraries; nothing at all for a model that is made of
    no own class.
    """
    files = own_modules(_classes(model, params))
    if not files:
        return {}
    files |= _beside(files, declared)
    for name, path in files.items():
        (folder / CODE / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / CODE / name)
    return {
        "code": {name: digest(folder / CODE / name) for name in files},
        "imports": _outside(files),
    }


def pass_on(manifest: Mapping[str, Any], folder: Path, into: Path) -> dict[str, Any]:
    """Copy the code of one model's folder to another's; return what `carry` has said of it."""
    if not manifest.get("code"):
        return {}
    shutil.copytree(folder / CODE, into / CODE, copy_function=shutil.copyfile)
    return {key: manifest[key] for key in ("code", "imports")}


def admit(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Let the classes of a model, whose sums were checked, come from the code in its folder."""
    code = manifest.get("code")
    if not code:
        return
    tops = _modules(code)
    loaded = {name: module for name, module in sys.modules.items() if _top(name) in tops - OURS}
    if not all(_is_of(module, set(code.values())) for module in loaded.values()):
        for name in loaded:  # another version of it, or another module of that name
            del sys.modules[name]
    sys.dont_write_bytecode = True  # nothing is added to the folder of a model
    sys.path.insert(0, str(folder / CODE))
    importlib.invalidate_caches()


def _classes(model: str, params: Mapping[str, Any]) -> list[str]:
    if model != "voting":
        return [model]
    return [member for member, _ in members(params)]


def _beside(files: Mapping[str, Path], declared: Sequence[str]) -> dict[str, Path]:
    """Return the declared files in the folders that the modules are imported from."""
    roots = {path.parents[name.count("/")] for name, path in files.items()}
    found = {name: root / name for root in roots for name in declared if (root / name).is_file()}
    for name in declared:
        if name not in found or not is_plain(name):
            why = "only letters, digits, . _ - may be in its name" if name in found else "not there"
            raise Refused(f"{name} cannot go where the model goes: {why}")
    return found


def _outside(files: Mapping[str, Path]) -> list[str]:
    own = _modules(files)
    found = {name for path in files.values() if path.suffix == ".py" for name in imports(path)}
    return sorted(name for name in found if _top(name) not in own | sys.stdlib_module_names)


def _is_of(module: Any, sums: set[str]) -> bool:
    file = Path(getattr(module, "__file__", None) or "")
    return file.is_file() and digest(file) in sums


def _modules(files: Iterable[str]) -> set[str]:
    return {_top(name) for name in files if name.endswith(".py")}


def _top(name: str) -> str:
    return name.partition("/")[0].partition(".")[0]
