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


def versions(modules: Iterable[str]) -> dict[str, str]:
    """Return distribution -> version for what the modules come from, and Python's own."""
    wanted = list(ALWAYS)
    for top in sorted({module.partition(".")[0] for module in modules}):
        wanted += DISTRIBUTIONS.get(top, (top,))
    found = {"python": platform.python_version()}
    for name in dict.fromkeys(wanted):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
