"""`concrete doctor` on this machine: it looks, and changes nothing."""

import pytest

from concrete_cli import home as homes
from concrete_cli.commands import diagnosis


@pytest.fixture
def empty(tmp_path, monkeypatch):
    (tmp_path / "concrete.toml").write_text('[experiment]\nname = "toy"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CONCRETE_HOME", raising=False)
    return tmp_path


def test_it_says_what_there_is(empty):
    facts = diagnosis.examine(None)

    assert list(facts) == ["concrete", "libraries", "extras", "backends", "disk"]
    assert facts["backends"]["local"] == "ready"
    assert facts["libraries"]["sklearn"][0].isdigit()


@pytest.mark.parametrize("chosen", [False, True])
def test_a_home_that_is_not_there_is_not_made(empty, chosen):
    facts = diagnosis.examine(empty / "home" if chosen else None)

    assert facts["disk"] == {"home": "none here yet"}
    assert [path.name for path in empty.iterdir()] == ["concrete.toml"]


def test_what_a_run_removes_meanwhile_counts_nothing(empty, mocker):
    home = homes.prepare(empty / ".concrete")
    (home / "tmp" / "large").write_bytes(b"x" * 300_000)
    real = diagnosis.Path.rglob
    gone = home / "tmp" / "gone"
    mocker.patch.object(diagnosis.Path, "rglob", lambda *words: [*real(*words), gone])

    disk = diagnosis.examine(None)["disk"]

    assert disk["home"] == str(home)
    assert disk["used"] == "0.3 MB"
    assert disk["free"].endswith(" GB")
