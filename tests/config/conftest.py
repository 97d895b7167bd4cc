"""Experiments to start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from concrete_cli.config import load
from concrete_cli.errors import ExperimentInvalid
from config_examples import GOOD


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of its own, the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(folder):
    """Write a file of the experiment's folder; what is not text is written as it is."""

    def written(content=GOOD, name="concrete.toml") -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


@pytest.fixture
def refused():
    """Load, and return the problems as `place message (help)`, one a line."""

    def problems(path, *sets) -> list[str]:
        with pytest.raises(ExperimentInvalid) as caught:
            load(path, sets)
        return [
            f"{one.place} {one.message}" + (f" ({one.help})" if one.help else "")
            for one in caught.value.problems
        ]

    return problems
