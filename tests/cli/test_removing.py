"""Removing says what goes, asks first, and leaves what is served; names of runs are not reused."""

import json

import pytest

from archives import RIDGE, publish, skops
from concrete_cli import documents, home, names
from concrete_cli.backend import Options
from concrete_cli.plan import Plan
from concrete_cli.registry.models import Models
from concrete_cli.runs import Runs

SERVED = {
    "name": "web",
    "model": "concrete:1",
    "bundle": "bundle-0123456789ab",
    "host": "127.0.0.1",
    "port": 8400,
    "workers": 1,
    "created": 1.0,
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A home with two runs that have ended long ago, and versions 1 and 2 of a model."""
    place = home.prepare(tmp_path / "home")
    monkeypatch.setenv("CONCRETE_HOME", str(place))
    return place


def make(place, count=2):
    facts = {"workflow": "train", "backend": "local"}
    made = [
        Runs(place).create(Plan("train", ()), experiment="", options=Options(), facts=facts)
        for _ in range(count)
    ]
    for run in made:  # so long ago that nobody is about to begin with them
        record = run.record | {"created": "2020-01-01T00:00:00+00:00"}
        documents.write(run.folder / "run.json", record)
    return [run.id for run in made]


def serve(place, model="concrete:1"):
    folder = place / "endpoints" / "web"
    folder.mkdir(parents=True)
    documents.write(folder / "settings.json", SERVED | {"model": model})


def test_gc_shows_what_goes_and_wants_to_be_told(concrete, place):
    runs = make(place)

    refused = concrete("gc", "--older-than", "0d", code=2).stderr
    assert all(run in refused for run in runs)
    assert "--yes" in refused
    dry = json.loads(concrete("gc", "--older-than", "0d", "--dry-run", "--json").stdout)
    assert sorted(dry["names"]) == sorted(runs)
    assert dry["removed"] is False
    assert {run.id for run in Runs(place).all()} == {*runs}
    assert "removed 2 runs" in concrete("gc", "--older-than", "0d", "--yes").stdout
    assert Runs(place).all() == []
    concrete("gc", "--older-than", "0d")  # nothing goes: nothing to ask


def test_the_name_of_a_removed_run_is_never_given_again(place, monkeypatch):
    monkeypatch.setattr(names, "WORDS", ("amber", "beech", "cedar"))
    first = make(place, 3)
    for run in Runs(place).all():
        Runs(place).remove(run, place / "tmp")

    again = make(place, 4)

    assert not {*first} & {*again}


def test_what_is_served_stays(concrete, place, tmp_path):
    made, other = make(place)
    models = Models(place)
    folder = tmp_path / "one"
    version = publish(models, folder, skops(RIDGE))
    assert version.ref == "concrete:1"
    documents.write(version.path.parent / "removed.json", {"format": 2, "removed": []})
    serve(place, f"{made}")  # as `deploy --model run:RUN` calls it

    said = concrete("gc", "--older-than", "0d", "--yes")
    assert f"{made} stays: the endpoint web serves its model" in said.stderr
    assert [run.id for run in Runs(place).all()] == [made]
    assert other not in said.stderr

    documents.write(place / "endpoints" / "web" / "settings.json", SERVED)
    for words in ((), ("--yes",), ("--dry-run",)):
        refused = concrete("models", "delete", "concrete:1", *words, code=2).stderr
        assert "served by the endpoint web" in refused
        assert "concrete endpoints remove web" in refused
    documents.write(place / "endpoints" / "web" / "settings.json", SERVED | {"model": "x:1"})
    assert "--yes" in concrete("models", "delete", "concrete:1", code=2).stderr
    assert "would go" in concrete("models", "delete", "concrete:1", "--dry-run").stdout
    assert models.find("concrete:1")
    concrete("models", "delete", "concrete:1", "--yes")
    assert models.names() == []
