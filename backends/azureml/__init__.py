"""Azure ML through its SDK v1: a plan becomes a pipeline of `PythonScriptStep`s.

Only `sdk.py` and the modules that it loads import the SDK; this package itself is light.
"""

from __future__ import annotations

from .backend import AzureBackend
from .sdk import SUPPORT_ENDED

__all__ = ["SUPPORT_ENDED", "AzureBackend"]
