"""skops, imported without its list of all the estimators that scikit-learn has.

skops trusts those, and to name them it imports the whole of scikit-learn: 0.3 s at every start of a
step and of an endpoint. What a model's file may hold is in our own, shorter table (_types.py), so
the list is left empty. The fork server runs this file once, ahead of the steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sklearn.utils


@contextmanager
def _no_estimators() -> Iterator[None]:
    all_estimators = sklearn.utils.all_estimators
    sklearn.utils.all_estimators = list
    try:
        yield
    finally:
        sklearn.utils.all_estimators = all_estimators


with _no_estimators():
    import skops.io

__all__ = ["skops"]
