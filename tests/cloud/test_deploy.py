"""`concrete deploy` to an emulated cloud: the bundle of the local endpoint, its very score.py."""

import json

import pytest

pytest.importorskip("skops")

EXPERIMENT = """
[experiment]
name = "mix"
[data]
source = "in.csv"
target = "y"
[train.candidates.linear]
model = "linear"
"""


@pytest.fixture
def mix(folder, cloud):
    import served
    from concrete_cli import home
    from concrete_cli.registry.models import Models

    rows = served.rows(mixed=False)
    rows.to_csv(folder / "in.csv", index=False)
    path = folder / "concrete.toml"
    path.write_text(
        EXPERIMENT + cloud.table.replace('["numbers.factor"]', "[]").replace('["factor"]', "[]")
    )
    place = home.prepare(folder / ".concrete")
    Models(place).publish("mix", served.model(folder / "model", "linear", mixed=False))
    row = {name: float(value) for name, value in rows.drop(columns="y").iloc[0].items()}
    (folder / "row.json").write_text(json.dumps(row))
    return path


def test_a_model_is_served_asked_and_removed(type_, mix, cloud, folder):
    at = ("--backend", cloud.name)
    told = type_("deploy", mix, "--model", "mix", *at, "--dry-run", "--json").json()
    assert [step["name"] for step in told["steps"]] == ["bundle", "smoke"]
    type_("deploy", mix, "--model", "mix", *at, "--port", "8500", code=2)
    type_("deploy", mix, "--model", "mix", *at, "--with", "cores=3", code=2)

    made = type_("deploy", mix, "--model", "mix", "--name", "strength", *at, "--json").json()
    assert (made["endpoint"], made["status"], made["model"]) == ("strength", "running", "mix:1")
    assert made["url"].startswith("http")

    answer = type_("invoke", "strength", folder / "row.json", *at).json()
    assert len(answer["predictions"]) == len(answer["intervals"]) == 1
    assert (
        "intervals"
        not in type_("invoke", "strength", folder / "row.json", "--no-intervals", *at).json()
    )
    (folder / "bad.json").write_text('{"data": []}')
    refused = type_("invoke", "strength", folder / "bad.json", *at, code=None)
    assert refused.code in (2, 7)
    assert "Traceback" not in refused.stderr

    rows = type_("endpoints", "list", *at, "--json").json()["endpoints"]
    assert [(row["endpoint"], row["model"]) for row in rows] == [("strength", "mix:1")]
    shown = type_("endpoints", "show", "strength", *at)
    assert "model    mix:1\n" in shown.stdout
    assert type_("endpoints", "logs", "strength", *at).stdout
    kept = type_("endpoints", "stop", "strength", *at, code=7).stderr
    assert f"concrete endpoints stop strength --remove --backend {cloud.name}" in kept
    type_("endpoints", "stop", "strength", "--remove", *at)
    assert type_("endpoints", "list", *at, "--json").json()["endpoints"] == []
    type_("endpoints", "show", "strength", *at, code=5)
