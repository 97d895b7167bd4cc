"""A model's card: Markdown for programs, a page for people."""

import re

import pytest

from concrete_cli.view import models

FOUND = {
    "name": "mix",
    "version": 1,
    "aliases": [],
    "created": "2026-01-01T00:00:00+00:00",
    "run": "a",
    "lineage": {"runs": [], "data": [], "git": None},
    "code": [],
    "path": "/tmp/mix/1",
    "damage": None,
    "card": f"# mix\n\nfly\\_ash {'word ' * 30}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
}


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_shows_the_card_as_it_is_meant(capsys, monkeypatch, terminal):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)

    models.shown(FOUND, as_json=False)

    told = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    if terminal:
        assert "fly_ash" in told
        assert "|" not in told
        assert max(map(len, told.splitlines())) <= 80
    else:
        assert told.endswith(FOUND["card"])
