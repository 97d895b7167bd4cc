"""A web server on loopback, and a home to keep what it holds."""

from __future__ import annotations

import hashlib
import logging

import pytest

from concrete_cli import home as homes
from concrete_cli.cli import app
from concrete_cli.sources import urls, web
from website import Site


def sum_of(body):
    return hashlib.sha256(body).hexdigest()


@pytest.fixture
def site():
    made = Site()
    yield made
    made.close()


@pytest.fixture
def home(tmp_path):
    return homes.prepare(tmp_path / "home")


@pytest.fixture
def held(site):
    """Put a file on the site; return its pinned URL."""

    def put(path="/mixes.csv", body=b"a,b\n1,2\n"):
        return urls.pinned(site.put(path, body), sum_of(body))

    return put


@pytest.fixture
def hurry(monkeypatch):
    """Do not wait long between tries, nor for an answer."""
    monkeypatch.setattr(web, "PAUSES", (0.0, 0.01))
    monkeypatch.setattr(web, "TIMEOUT", 0.1)


@pytest.fixture
def left(home):
    """Return what there is in the home of fetched files, whole or not."""

    def names():
        found = [*(home / "tmp").rglob("*"), *(home / "cache").rglob("*")]
        return sorted(path.name for path in found if path.is_file() and path.suffix != ".lock")

    return names


@pytest.fixture
def typed(capsys, tmp_path, monkeypatch):
    """Run a command that starts no step in this process; return all that it printed."""
    monkeypatch.chdir(tmp_path)
    app.add_commands()  # in their order: other tests in this process look at it

    def run(*words, code=0):
        logging.getLogger("concrete").handlers.clear()  # of an earlier command
        capsys.readouterr()
        got = app.run([str(word) for word in words])
        text = "".join(capsys.readouterr())
        assert got == code, text
        return text

    return run
