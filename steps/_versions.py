"""Which versions of which libraries made a model."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

DISTRIBUTIONS = {
    "sklearn": ("scikit-learn",),
    "xgboost": ("xgboost-cpu", "xgboost"),
    "lightgbm": ("lightgbm",),
}
ALWAYS = ("numpy", "scikit-learn", "scipy", "skops")


def distributions(modules: Iterable[str]) -> list[str]:
    """Return the names of what modules may come from, and of what every model needs."""
    wanted = list(ALWAYS)
    for top in sorted({module.partition(".")[0] for module in modules}):
        wanted += DISTRIBUTIONS.get(top, (top,))
    return list(dict.fromkeys(wanted))


def versions(modules: Iterable[str]) -> dict[str, str]:
    """Return distribution -> version for what the modules come from, and Python's own."""
    found = {"python": platform.python_version()}
    for name in distributions(modules):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
