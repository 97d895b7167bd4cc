"""What a command makes of the processors, also where the system does not say which it may use."""

import os

import pytest

from concrete_cli.commands import scoring
from concrete_cli.commands.pickup import _slots
from concrete_cli.execute import Request


@pytest.mark.parametrize(("allowed", "count"), [({1, 2, 5}, 3), (None, 4)], ids=["Linux", "macOS"])
def test_each_command_counts_them(monkeypatch, allowed, count):
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    if allowed is None:
        monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    else:
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: allowed)

    assert scoring.shards(1 << 40) == count
    assert _slots(Request("finetune")) == count
