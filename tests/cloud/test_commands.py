"""rehearse, publish, schedule, models pull and push, check and doctor, on emulated clouds."""

import itertools
import json
import re
import subprocess
import sys

import pytest

MODELS = itertools.count(1)


def test_a_rehearsal_is_equal_or_says_which_step_differs_and_how(type_, experiment, cloud):
    # the emulator of a rehearsal has whatever datastores the experiment names
    place = '[steps.numbers]\ndestination = "own/kept/{run}/{output}"\n'
    file = experiment(cloud.table, place)
    found = type_("rehearse", file, "--backend", cloud.name, "--json").json()
    assert (found["equal"], found["backend"]) == (True, cloud.name)
    assert found["steps"] == [
        {"name": name, "equal": True, "differences": []} for name in ("numbers", "total")
    ]
    told = ("--set", "pipeline.steps.total.params.two_faced=true")
    done = type_("rehearse", file, "--backend", cloud.name, *told, code=4)
    assert "total/total.json: total is 12.0 on local, 13.0 there" in done.stdout
    assert "1 of 2 steps differ" in done.stdout
    told = ("--set", "pipeline.steps.total.params.broken=true")
    broken = type_("rehearse", file, "--backend", cloud.name, *told, "--json", "-q", code=4).json()
    assert broken["equal"] is False
    (why,) = broken["steps"][1]["differences"]
    assert why == "failed on both, so that nothing can be compared: exited with 1"


def test_a_datastore_that_is_not_there_is_an_error_of_its_line(type_, experiment, cloud):
    place = '[steps."total*"]\ndestination = "lakes/kept/{run}/{output}"\n'
    file = experiment(cloud.table, place)
    told = type_("run", file, "--backend", cloud.name, code=3).stderr
    assert "steps.total*.destination: there is no datastore 'lakes'" in told
    line = file.read_text().splitlines().index('destination = "lakes/kept/{run}/{output}"') + 1
    assert f"--> concrete.toml:{line}:15" in told
    assert type_("runs", "--json").json()["runs"] == []


def test_only_clouds_are_rehearsed(type_, experiment):
    file = experiment()
    assert "--backend" in type_("rehearse", file, code=2).stderr
    assert "is no cloud" in type_("rehearse", file, "--backend", "local", code=7).stderr
    assert "did you mean" in type_("rehearse", file, "--backend", "azureml-v3", code=5).stderr


def test_a_plan_is_published_scheduled_and_both_are_taken_back(type_, experiment, cloud):
    file = experiment(cloud.table)
    at = ("--backend", cloud.name, "--json")
    made = type_("publish", file, *at).json()
    assert (made["name"], made["backend"]) == ("mine-run", cloud.name)
    assert made["url"].startswith("https://")
    assert made["url"] in made["curl"]
    assert any("factor" in name for name in made["parameters"])

    cron = ("--cron", "0 3 * * 1", "--name", "weekly")
    planned = type_("schedule", file, *cron, *at).json()
    assert (planned["name"], planned["active"]) == ("weekly", True)
    rows = type_("schedules", "list", *at).json()["schedules"]
    assert [(row["name"], row["active"]) for row in rows] == [("weekly", True)]
    assert type_("schedules", "disable", "weekly", *at).json()["active"] is False
    gone = type_("schedules", "delete", "weekly", *at).json()
    assert gone["status"] == ("disabled" if cloud.name == "azureml" else "deleted")
    type_("schedules", "disable", "nobody", *at, code=5)
    type_("schedule", file, "--cron", "0 25 * * *", *at, code=2)
    type_("schedule", file, *at, code=2)

    which = made["name"] if cloud.name == "azureml-v2" else made["id"]
    assert type_("publish", "--withdraw", which, *at).json()["status"] == "withdrawn"
    type_("publish", "--withdraw", "nobody", *at, code=5)


@pytest.fixture
def model(folder):
    """A registered model of this machine."""
    from concrete_cli import home
    from concrete_cli.registry.models import Models
    from served import model

    place = home.prepare(folder / ".concrete")
    made = model(folder / "model", "linear", mixed=False)
    return Models(place).publish("mix", made, {"run": "a-run"}, {"lineage.json": "{}\n"})


def test_a_model_is_pushed_and_pulled_as_what_it_was(type_, experiment, cloud, model, folder):
    experiment(cloud.table)
    at = ("--backend", cloud.name, "--json")
    pushed = type_("models", "push", "mix", *at).json()
    assert pushed["here"] == {"name": "mix", "version": 1}
    assert pushed["there"]["name"] == "mix"
    number = pushed["there"]["version"]

    same = type_("models", "pull", f"mix:{number}", *at).json()
    assert same["here"] == {"name": "mix", "version": 1}
    away = folder / "away"
    got = type_(
        "models", "pull", "mix", *at, "--home", away, "--experiment", "concrete.toml"
    ).json()
    assert got["here"] == {"name": "mix", "version": 1}
    there = away / "models" / "mix" / "1"
    assert (there / "lineage.json").read_text() == "{}\n"
    assert (there / "model.skops").read_bytes() == (model.path / "model.skops").read_bytes()
    type_("models", "verify", "--home", away)
    type_("models", "pull", "mux", *at, code=5)


def test_the_registry_of_a_cloud_is_asked_as_the_one_here(type_, experiment, cloud, model, folder):
    experiment(cloud.table)
    at = ("--backend", cloud.name)
    name = f"mix{next(MODELS)}"  # the cloud outlives the test
    model = renamed(model, name)
    first = type_("models", "push", name, *at, "--json").json()["there"]["version"]
    second = type_("models", "push", name, *at, "--json").json()["there"]["version"]
    rows = type_("models", "list", name, *at, "--json").json()["models"]
    assert [row["version"] for row in rows] == [second, first]
    here = type_("models", "list", name, "--json").json()["models"]
    assert {*rows[0]} == {*here[0]} - {"damage"}  # the files there are not fetched for a list
    assert rows[0]["run"] == here[0]["run"] == "a-run"

    tagged = type_("models", "tag", f"{name}:{first}", "production", *at, "--json").json()
    assert tagged == {"schema_version": 1, "name": name, "version": first, "alias": "production"}
    shown = type_("models", "show", f"{name}@production", *at, "--json").json()
    assert (shown["version"], shown["aliases"], shown["damage"]) == (first, ["production"], None)
    known = type_("models", "show", name, "--json").json()
    assert {*shown} == {*known}
    assert shown["content"] == known["content"]
    assert type_("models", "verify", name, *at, "--json").json()["models"] == [
        {"name": name, "version": second, "damage": None}
    ]

    held = type_("models", "delete", f"{name}:{first}", *at, code=2)
    assert f"concrete models untag {name}@production --backend {cloud.name}" in held.stderr
    type_("models", "untag", f"{name}@production", *at)
    type_("models", "untag", f"{name}@production", *at, code=5)
    type_("models", "delete", name, *at, code=2)
    gone = type_("models", "delete", f"{name}:{first}", "--yes", *at, "--json").json()["deleted"]
    archived = {"archived": True} if cloud.name == "azureml-v2" else {}
    assert gone == {"name": name, "version": first, **archived}
    rows = type_("models", "list", name, *at, "--json").json()["models"]
    assert [row["version"] for row in rows] == [second]
    type_("models", "show", f"{name}:{first}", *at, code=5)
    type_("models", "list", "mux", *at, code=5)


def renamed(model, name):
    """Register the same model under another name."""
    from concrete_cli.registry.models import Models

    texts = {"lineage.json": "{}\n"}
    bare = model.path.parents[3] / "model"
    return Models(model.path.parents[2]).publish(name, bare, {"run": "a-run"}, texts)


def test_rows_are_scored_by_the_model_that_the_cloud_has(type_, experiment, cloud, model, folder):
    import served
    from _bundle import load_bundle

    rows = served.rows(40, mixed=False).drop(columns="y")
    rows.to_csv(folder / "rows.csv", index=False)
    experiment(cloud.table.replace('["numbers.factor"]', "[]").replace('["factor"]', "[]"))
    name = f"mix{next(MODELS)}"
    renamed(model, name)
    type_("models", "push", name, "--backend", cloud.name)
    away = ("--home", folder / "away", "--backend", cloud.name)  # nothing is registered there
    out = folder / "out.csv"
    type_("score", "--model", name, "--data", folder / "rows.csv", "--out", out, *away, "--quiet")
    there = [float(line.split(",")[0]) for line in out.read_text().splitlines()[1:]]
    assert there == load_bundle(model.path)[0].predict(rows).tolist()

    missing = type_("score", "--model", f"{name}@x", "--data", out, *away, code=5)
    assert f"no model called '{name}@x'" in missing.stderr
    here = type_("score", "--model", "azureml:mix", "--data", out, code=2)
    assert "is in a cloud" in here.stderr


def test_check_asks_the_backend_and_points_at_the_line(type_, experiment, clouds):
    text = '[backend.azureml-v2]\nauth = "magic"\n'
    text += '[backend.azureml-v2.compute.big]\nkind = "hdinsight"\n'
    file = experiment(text)
    lines = file.read_text().splitlines()
    found = type_("check", file, "--backend", "azureml-v2", "--json", code=3).json()
    problems = {one["message"]: one for one in found["error"]["problems"]}
    (magic,) = [one for text, one in problems.items() if "magic" in text]
    assert lines[magic["line"] - 1] == 'auth = "magic"'
    (kind,) = [one for text, one in problems.items() if "SDK v1" in text]
    assert lines[kind["line"] - 1] == 'kind = "hdinsight"'
    assert type_("check", file).code == 0


def test_check_finds_a_compute_that_a_step_cannot_use(type_, experiment, cloud):
    file = experiment(cloud.table.replace("factor", "fctor"))
    done = type_("check", file, "--backend", cloud.name, code=3)
    assert "parameters" in done.stderr
    assert re.search(r"concrete\.toml:\d+:\d+", done.stderr)
    assert type_("run", file, "--backend", cloud.name, code=3).stdout == ""


def test_doctor_looks_at_the_cloud(type_, experiment, cloud):
    file = experiment(cloud.table)
    at = ("--backend", cloud.name, "--experiment", file)
    found = type_("doctor", *at, "--live", "--json").json()
    assert found["backend"] == cloud.name
    names = {row["what"]: row["ok"] for row in found["findings"]}
    assert names["workspace"] is True
    assert names["datastore"] is True
    assert names["compute cpu-cluster"] is True
    assert "workspace named" in type_("doctor", *at).stdout
    other = f'{cloud.table}\n[backend.{cloud.name}.compute.gone]\nkind = "amlcompute"\n'
    experiment(other)
    found = type_("doctor", *at, "--live", "--json", code=7).json()["findings"]
    assert [row["what"] for row in found if not row["ok"]][-1] == "compute gone"
    type_("doctor", "--live", code=2)


def test_doctor_says_what_is_missing(type_, experiment, clouds):
    file = experiment()
    at = ("--backend", "azureml-v2", "--experiment", file, "--json")
    found = type_("doctor", *at, code=7).json()["findings"]
    assert [row["help"] for row in found if not row["ok"]] != [""]


def test_json_is_all_that_stdout_holds(type_, experiment, cloud, monkeypatch):
    """Nothing of the SDK's own noise, and no secret in an error."""
    secret = "hush-hush-hush"
    monkeypatch.setenv("AZURE_CLIENT_SECRET", secret)
    file = experiment(cloud.table)
    done = type_("run", file, "--backend", cloud.name, "--json", code=7)
    assert json.loads(done.stdout)["error"]["exit_code"] == 7
    assert secret not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["check", "concrete.toml"]])
def test_no_sdk_is_imported_before_a_cloud_is_asked(experiment, folder, words):
    experiment()
    code = (
        "import sys; from concrete_cli.cli.app import run; code = run(sys.argv[1:]);"
        "names = [name for name in sys.modules if name.startswith(('azure', 'msrest', 'msal'))];"
        "sys.stderr.write(str(names)); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *words],  # the folder has a numbers.py of its own
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    assert done.stderr == "[]"
