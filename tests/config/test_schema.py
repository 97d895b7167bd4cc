from __future__ import annotations

import json

from concrete_cli import payload
from concrete_cli.config import load, schema
from concrete_cli.config.experiment import Experiment


def tables(part):
    if isinstance(part, dict):
        if "properties" in part:
            yield part
        for below in part.values():
            yield from tables(below)
    elif isinstance(part, list):
        for below in part:
            yield from tables(below)


def test_it_is_json():
    assert json.loads(json.dumps(schema())) == schema()
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_table_of_the_experiment_is_in_it():
    fields = {field.alias or name for name, field in Experiment.model_fields.items()}
    assert set(schema()["properties"]) == {"extends", *fields}


def test_every_key_is_described():
    for table in tables(schema()):
        for name, key in table["properties"].items():
            assert "$ref" in key or key.get("description"), name
    for name, table in schema()["$defs"].items():
        assert table.get("description"), name


def test_unknown_keys_are_refused_as_they_are_by_us():
    for table in tables(schema()):
        assert table["additionalProperties"] is False


def test_it_holds_nothing_that_toml_cannot_say():
    text = json.dumps(schema())
    assert '"null"' not in text
    assert ": null" not in text


def test_shipped_experiments_point_at_it():
    """`concrete schema > configs/concrete.schema.json` writes it anew."""
    for path in payload.folder("configs").glob("*.toml"):
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        named = path.parent / first.removeprefix("#:schema ")
        assert json.loads(named.read_text(encoding="utf-8")) == schema(), path


def test_shipped_experiments_are_sound():
    found = [load(path, files=True) for path in payload.folder("configs").glob("*.toml")]
    assert "concrete" in {experiment.experiment.name for experiment in found}
