"""Where in a cloud outputs go, as the experiment says it."""

import pytest

from concrete_cli import destinations, settings
from concrete_cli.config import load
from concrete_cli.plan import Output

EXPERIMENT = """
[experiment]
name = "x"
[pipeline.steps.make]
script = "make.py"
outputs = ["rows", "notes"]
[steps."*"]
destination = "store/all/{run}/{output}"
[steps.make]
destination = "lake/{step}/{run}/{output}"
"""


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("lake/a/{run}/{step}/{output}", ""),
        ("lake/{run}-{output}", ""),
        ("lake", "expected DATASTORE/path/{run}/{output}, got 'lake'"),
        ("/a/{run}/{output}", "expected DATASTORE"),
        ("my lake/{run}/{output}", "expected DATASTORE"),
        (3, "expected DATASTORE/path/{run}/{output}, got 3"),
        ("lake/{run}/{outputs}", "{outputs} stands for nothing"),
        ("lake/{run}/{}/{output}", "{} stands for nothing"),
        ("lake/{run}/{output", "is no path"),
        ("lake//{run}/{output}", "is no path"),
        ("lake/../{run}/{output}", "is no path"),
        ("lake/{run}", "{output} must be in it"),
        ("lake/a", "{run} and {output} must be in it"),
    ],
)
def test_what_is_wrong_with_a_place(place, told):
    found = destinations.problem(place)
    assert told in found
    assert bool(found) == bool(told)


def test_the_tables_of_steps_say_it_for_every_cloud_and_the_last_one_counts(tmp_path):
    (tmp_path / "concrete.toml").write_text(EXPERIMENT)
    experiment = load(tmp_path / "concrete.toml")
    for name in ("azureml", "azureml-v2"):
        table = settings.of(experiment, name)["destinations"]
        assert destinations.find(table, Output("make", "rows")) == "lake/{step}/{run}/{output}"
        assert destinations.find(table, Output("other", "rows")) == "store/all/{run}/{output}"
    assert "destinations" not in settings.of(experiment, "local")


def test_placeholders_are_filled_once():
    assert destinations.filled("a/{run}/{step}/{output}", "{step}", "s", "o") == "a/{step}/s/o"
