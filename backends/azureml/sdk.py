"""The only door to the SDK: it is loaded late, its telemetry is off, and it keeps quiet.

The SDK prints to stdout and logs to stderr as it likes; `quiet()` swallows both, since stdout
belongs to the result of the command. Modules of this package that import `azureml` at their top
are loaded by `part()`, and by nobody else.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from concrete_cli.errors import BackendUnavailable

from ..importing import without_collecting

SUPPORT_ENDED = (
    "Microsoft ended support for the Azure ML SDK v1 in June 2026: "
    "new work is better off with --backend azureml-v2"
)
LAST_PYTHON = (3, 11)


def part(name: str) -> ModuleType:
    """Return the module `name` of this package, which needs the SDK."""
    check()
    with quiet(), without_collecting():
        _without_telemetry()
        return import_module(f".{name}", __package__)


def check() -> None:
    """Raise when the SDK cannot be had here, and say why."""
    if find_spec("azureml") is not None and find_spec("azureml.core") is not None:
        return
    here = sys.version_info[:2]
    if here > LAST_PYTHON:
        raise BackendUnavailable(
            f"the Azure ML SDK v1 needs Python 3.11; this is {here[0]}.{here[1]}",
            help="use --backend azureml-v2, or an environment with Python 3.11",
        )
    raise BackendUnavailable(
        "backend azureml needs the package azureml-core",
        help="pip install 'concrete-cli[azureml]'",
    )


class _Quiet:
    """Swallows what the SDK prints, warns and logs while any thread is inside."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._back = contextlib.ExitStack()

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            if not self._inside:
                self._begin()
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if not self._inside:  # the last one out, whoever came first
                    self._back.close()

    def _begin(self) -> None:
        self._back.callback(logging.disable, logging.root.manager.disable)
        logging.disable(logging.CRITICAL)
        self._back.enter_context(contextlib.redirect_stdout(io.StringIO()))
        self._back.enter_context(contextlib.redirect_stderr(io.StringIO()))
        self._back.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")


quiet = _Quiet()


def _without_telemetry() -> None:
    # Before anything else of the SDK is imported; `set_diagnostics_collection` would write a file
    # into site-packages instead.
    telemetry = import_module("azureml.telemetry")
    telemetry.HBI_MODE = True  # type: ignore[attr-defined]
