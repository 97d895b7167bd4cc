"""The SDK tells Microsoft nothing of us, not even from a notebook, where it would like to."""

import logging
import sys
from types import SimpleNamespace

import pytest
from azure.ai.ml import MLClient
from azure.ai.ml._telemetry import logging_handler
from azure.identity import AzureCliCredential

from concrete_cli.backend import State

LOGGER = logging_handler.AML_INTERNAL_LOGGER_NAMESPACE


@pytest.fixture
def notebook(monkeypatch):
    """This process as the SDK sees a notebook; what it would send to is noted."""
    shell = SimpleNamespace(config={"IPKernelApp": {}})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    destinations = []
    monkeypatch.setattr(logging_handler, "setup_azure_monitor", destinations.append)
    return destinations


def test_the_sdk_would_send_where_nobody_forbids_it(notebook):
    MLClient(AzureCliCredential(), "a-subscription", "group", "ws")

    assert len(notebook) == 1
    assert "applicationinsights" in notebook[0]


def test_nothing_is_sent_of_a_run(notebook, backend, run, toy):
    _, events = run(toy)

    assert events["best"].state is State.DONE
    assert backend.client.ml._operation_config.enable_telemetry is False
    assert notebook == []
    assert "azure.monitor.opentelemetry" not in sys.modules
    loggers = [name for name in logging.root.manager.loggerDict if name.startswith(LOGGER)]
    for logger in map(logging.getLogger, [LOGGER, *loggers]):
        assert {type(one) for one in logger.handlers} <= {logging.NullHandler}
    assert logging.getLogger(LOGGER).propagate is False
