"""The SDK, imported without its noise: no warnings, no log lines, no telemetry."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator

from ..importing import without_collecting

LOGGERS = ("azure", "msal", "urllib3")


def hush() -> None:
    """Let no log line out: parts of the SDK set levels and handlers on loggers of their own."""
    for name in LOGGERS:
        logging.getLogger(name).propagate = False
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if name.partition(".")[0] in LOGGERS and isinstance(logger, logging.Logger):
            logger.handlers = [logging.NullHandler()]


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Swallow what the SDK prints and warns; it says everything important in exceptions."""
    hush()
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


with silence(), without_collecting():
    from azure.ai.ml import Input, MLClient, Output, entities
    from azure.core import exceptions as core_exceptions

hush()

__all__ = ["Input", "MLClient", "Output", "core_exceptions", "entities", "hush", "silence"]
