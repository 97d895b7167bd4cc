"""What a plan becomes, offline: nobody logs in, nothing is asked."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil

import pytest
from concrete_cli.backends import travelling
from concrete_cli.backends.azureml import AzureBackend
from concrete_cli.backends.azureml.on_databricks import arguments
from concrete_cli.backends.azureml.settings import problems, read

from concrete_cli.errors import ExperimentInvalid, UsageError
from concrete_cli.plan import Output, Plan

SPARK = {"kind": "databricks", "spark_version": "13.3.x", "node_type": "D4", "workers": 2}
HERE = {"default_compute": "cpu-cluster", "environment": "curated:1"}


def with_step(plan, name, **changes):
    steps = [dataclasses.replace(one, **changes) if one.name == name else one for one in plan.steps]
    return Plan(plan.name, tuple(steps), plan.publishes)


@pytest.fixture
def graph(tmp_path):
    """The compiled graph: the settings and input ports of each step, and its module."""

    def compiled(plan, **settings):
        backend = AzureBackend(tmp_path / "home", HERE | settings)
        return backend.preview(plan, tmp_path / "code").document

    return compiled


def node(document, name):
    return next(one for one in document["run"]["Graph"]["ModuleNodes"] if one["Id"] == name)


def words(document, name):
    given = document["modules"][name]["StructuredInterface"]["Arguments"]
    return [one["Value"] for one in given]


def parameter(document, name, wanted):
    return next(p["Value"] for p in node(document, name)["ModuleParameters"] if p["Name"] == wanted)


def test_arguments_follow_the_one_grammar(graph, toy):
    found = graph(toy)
    assert words(found, "numbers") == [
        "--factor=-0.5", "--source", "DatasetConsumptionConfig:source",
        "--data", "DatasetOutputConfig:numbers__data",
    ]  # fmt: skip
    assert words(found, "best") == [
        "--names", '["it\'s 2", "it\'s 3"]',
        "--totals", "DatasetConsumptionConfig:totals_0", "DatasetConsumptionConfig:totals_1",
        "--model", "DatasetOutputConfig:best__model",
    ]  # fmt: skip


def test_inputs_are_wired_to_the_outputs_they_read(graph, toy):
    edges = graph(toy)["run"]["Graph"]["Edges"]
    found = {
        (e["DestinationInputPort"]["NodeId"], e["DestinationInputPort"]["PortName"]):
        (e["SourceOutputPort"]["NodeId"], e["SourceOutputPort"]["PortName"])
        for e in edges
    }  # fmt: skip
    assert found["best", "totals_0"] == ("power_2", "power_2__total")
    assert found["best", "totals_1"] == ("power_3", "power_3__total")
    assert found["power_2", "data"] == ("numbers", "numbers__data")
    assert found["numbers", "source"][0].startswith("concrete-")


def test_modes_destinations_and_published_outputs(graph, faulty, toy):
    (kept, lost) = node(graph(faulty("look")), "bad")["ModuleOutputSettings"]
    assert (kept["DataStoreMode"], lost["DataStoreMode"]) == ("mount", "upload")
    assert lost["Overwrite"] is True
    found = graph(toy, destinations={"best": "lake/x/{run}/{output}"}, datastore="mine")
    (model,) = node(found, "best")["ModuleOutputSettings"]
    assert model["DatasetRegistration"]["Name"] == "toy"
    assert model["DataStoreName"] == "lake"
    assert model["DatasetOutputOptions"]["PathOnDatastore"] == "x/{run-id}/{output-name}"
    (data,) = node(found, "numbers")["ModuleOutputSettings"]
    assert data["DataStoreName"] == "mine"
    assert data["DatasetOutputOptions"]["PathOnDatastore"] == "concrete/{run-id}/{output-name}"


def test_equal_plans_are_equal_graphs(graph, toy):
    assert graph(toy) == graph(toy)


def test_reuse_timeouts_threads_and_retries(graph, toy):
    changed = with_step(toy, "power_2", reuse=False, timeout=90, cpus=4, retries=2)
    found = graph(changed)
    assert found["modules"]["power_2"]["IsDeterministic"] is False
    assert found["modules"]["power_3"]["IsDeterministic"] is True
    config = node(found, "power_2")["Runconfig"]
    assert config["maxRunDurationSeconds"] == 90
    assert config["environmentVariables"] == {"OMP_NUM_THREADS": "4"}
    assert parameter(found, "power_2", "Script") == "_attempts.py"
    assert words(found, "power_2")[:4] == ["2", "--total", "power.py", "--label"]
    assert parameter(found, "power_3", "Script") == "power.py"


def test_parameters_may_be_opened_for_all_steps_or_for_one(graph, toy):
    found = graph(toy, parameters=["power_2.exponent", "factor"])
    assert words(found, "power_2")[:2] == ["--exponent", "power_2_exponent"]
    assert words(found, "power_3")[2:4] == ["--exponent", "3"]
    assert words(found, "numbers")[:2] == ["--factor", "factor"]
    known = found["modules"]["numbers"]["StructuredInterface"]["Parameters"]
    assert [one["DefaultValue"] for one in known if one["Name"] == "factor"] == ["-0.5"]


def test_each_kind_of_compute_has_its_own_configuration(graph, toy):
    compute = {
        "box": {"kind": "instance"},
        "big": {"kind": "amlcompute", "gpu": True, "shm_size": "8g"},
        "vm": {"kind": "remote_vm", "python": "/opt/python"},
        "k8s": {"kind": "kubernetes", "instance_type": "large"},
    }
    plan = toy
    for name, target in zip(("numbers", "power_2", "power_3", "best"), compute, strict=True):
        plan = with_step(plan, name, compute=target)
    found = graph(plan, compute=compute, environment="registry.example/image:3")
    kinds = {
        name: tuple(parameter(found, name, wanted) for wanted in ("Target", "MLCComputeType"))
        for name in found["modules"]
    }
    assert kinds == {
        "numbers": ("box", "ComputeInstance"),
        "power_2": ("big", "AmlCompute"),
        "power_3": ("vm", "RemoteCompute"),
        "best": ("k8s", "Kubernetes"),
    }
    config = {name: node(found, name)["Runconfig"] for name in kinds}
    assert config["power_2"]["docker"]["arguments"] == ["--gpus", "all"]
    assert config["power_2"]["docker"]["shmSize"] == "8g"
    assert config["power_3"]["environment"]["python"]["interpreterPath"] == "/opt/python"
    assert config["power_3"]["docker"]["useDocker"] is False
    assert config["best"]["kubernetescompute"]["instanceType"] == "large"
    assert config["numbers"]["environment"]["docker"]["baseImage"] == "registry.example/image:3"


def test_the_environment_is_built_from_what_the_scripts_import(graph, toy, tmp_path):
    script = tmp_path / "uses.py"
    shutil.copy(toy.step("numbers").script, script)
    script.write_text("import pandas\n" + script.read_text())
    plan = with_step(toy, "numbers", script=str(script), libraries=("sklearn",))
    environment = node(graph(plan, environment=""), "best")["Runconfig"]["environment"]
    (pip,) = [
        one["pip"] for one in environment["python"]["condaDependencies"]["dependencies"]
        if isinstance(one, dict)
    ]  # fmt: skip
    pins = {one.partition("==")[0] for one in pip if "==" in one}
    assert {"pandas", "numpy", "scikit-learn", "scipy"} <= pins
    assert not {"azureml-core", "xgboost-cpu"} & pins
    assert "azureml-core>=1.61" in pip


def test_steps_on_databricks_hand_data_over_in_the_older_way(graph, toy, tmp_path):
    plan = with_step(toy, "power_2", compute="spark")
    found = graph(plan, compute={"spark": SPARK})
    assert found["modules"]["power_2"]["StepType"] == "DatabricksStep"
    text = json.dumps(node(found, "power_2")) + json.dumps(found["modules"]["power_2"])
    assert "_on_databricks.py" in text
    assert "<numbers__data>" in text
    assert "<power_2__total>" in text
    assert "13.3.x" in text
    assert words(found, "numbers")[-1] == "numbers__data"
    folders = (tmp_path / "code").glob("power-*")
    assert sorted(sorted(path.name for path in folder.iterdir()) for folder in folders) == [
        ["_on_databricks.py", "_tools.py", "power.py"],
        ["_tools.py", "power.py"],
    ]


def test_a_step_on_databricks_reads_a_source_where_it_is(graph, toy, source):
    found = graph(with_step(toy, "numbers", compute="spark"), compute={"spark": SPARK})
    assert "<source_0>" in json.dumps(node(found, "numbers"))
    (data,) = found["run"]["Graph"]["DatasetNodes"]
    assert data["Id"].startswith("concrete/sources/")
    assert data["Id"].endswith(source.name)


def test_what_databricks_passes_becomes_our_arguments(monkeypatch):
    given = ["--label", "it's 2", "--data", "<numbers__data>", "--total", "<power_2__total>"]
    extra = ["--numbers__data", "dbfs:/mnt/a", "--power_2__total", "/dbfs/mnt/b",
             "--AZUREML_RUN_ID", "r1"]  # fmt: skip
    monkeypatch.setenv("AZUREML_RUN_ID", "before")
    assert arguments([*given, *extra]) == [
        "--label", "it's 2", "--data", "/dbfs/mnt/a", "--total", "/dbfs/mnt/b",
    ]  # fmt: skip


def test_the_preview_says_what_would_be_uploaded(toy, tmp_path, source):
    preview = AzureBackend(tmp_path, HERE).preview(toy, tmp_path / "code")
    first = preview.steps[0]
    assert first.name == "numbers"
    assert first.compute == "cpu-cluster (amlcompute)"
    assert first.command == (
        "python numbers.py --factor=-0.5 --source '{numbers.txt}' --data '{numbers.data}'"
    )
    assert first.files == ("numbers.py",)
    power = next(step for step in preview.steps if step.name == "power_2")
    assert power.files == ("_tools.py", "power.py")
    (only,) = preview.sources
    assert only.bytes == source.stat().st_size
    assert only.destination.endswith("/numbers.txt")
    assert preview.bytes > only.bytes
    file = preview.write(tmp_path / "out")
    assert json.loads(file.read_text()) == preview.document
    json.dumps(preview.summary())


def test_what_a_compute_cannot_run_is_found_before(toy, tmp_path):
    settings = HERE | {
        "compute": {"cpu-cluster": {"kind": "hdinsight"}},
        "parameters": ["exponent", "facter"],
    }
    found = AzureBackend(tmp_path, settings).check(toy)
    why = "step numbers: hdinsight runs PySpark scripts; this script does not import pyspark"
    assert ("compute.cpu-cluster.kind", why) in found
    assert any("'exponent' is not the same" in text for _, text in found)
    assert any("did you mean 'factor'" in text for _, text in found)
    assert AzureBackend(tmp_path, HERE).check(toy) == []
    told = "is missing: no compute for numbers, power_2, power_3; name a cluster of the workspace"
    assert AzureBackend(tmp_path, {}).check(toy) == [("default_compute", told)]


def test_databricks_repeats_no_step_and_is_given_no_parameters(toy, tmp_path):
    compute = {"cpu-cluster": {"kind": "databricks", "cluster": "0101"}}
    settings = HERE | {"compute": compute, "parameters": ["numbers.factor"]}
    plan = with_step(toy, "numbers", retries=1)
    assert AzureBackend(tmp_path, settings).check(plan) == [
        ("compute.cpu-cluster.kind", "step numbers: databricks knows no retries"),
        ("compute.cpu-cluster.kind",
         "step numbers: on databricks a call cannot give the parameter factor"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "key", "told"),
    [
        ("x", "", "expected a table"),
        ({"kind": 3}, ".kind", "expected one of amlcompute, .*, got 3$"),
        ({"kind": "kubernets"}, ".kind", "did you mean 'kubernetes'"),
        ({"kind": "serverless"}, ".kind", "exists only on --backend azureml-v2"),
        ({"gpu": "many"}, ".gpu", "expected true or false, got 'many'"),
        ({"kind": "databricks", "cluster": 5}, ".cluster", "expected a text, got 5"),
        ({"kind": "databricks", "cluster": "a", "workers": "x"}, ".workers", "expected a number"),
        ({"kind": "databricks", "spark_version": "x"}, ".kind", "needs `cluster`, or"),
        ({"kind": "instance", "workers": 2}, ".workers", "instance has no such option"),
    ],
)
def test_a_table_of_a_compute_is_checked(table, key, told):
    ((where, text),) = problems(HERE | {"compute": {"box": table}})
    assert where == f"compute.box{key}"
    assert re.search(told, text)


def test_names_that_azure_would_take_for_one_are_refused(graph, toy):
    one = toy.step("numbers")
    first = dataclasses.replace(one, name="a", outputs=(Output("a", "b__data"),))
    second = dataclasses.replace(one, name="a__b", outputs=(Output("a__b", "data"),))
    with pytest.raises(UsageError, match=r"a\.b__data and a__b\.data"):
        graph(Plan("twins", (first, second)))


def test_scripts_that_are_too_many_or_too_large_are_refused(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(travelling, "LARGEST", 100)
    found = AzureBackend(tmp_path, HERE).check(toy)
    assert found[0][1].startswith("the files of step numbers are too large to upload")


def test_settings_are_checked_all_at_once():
    with pytest.raises(ExperimentInvalid) as caught:
        read({
            "subscripton": "x", "workspace": "w", "auth": "password", "datastore": 3,
            "parameters": "seed", "destinations": {"*": "lake"},
            "compute": {"a": {"kind": "cluster"}, "b": {"kind": "databricks"}, "c": {"gpus": 1}},
        })  # fmt: skip
    told = [problem.message for problem in caught.value.problems]
    for expected in (
        "subscripton: there is no such setting; did you mean 'subscription'?",
        "auth: expected one of cli, service_principal",
        "datastore: expected a text, got 3",
        "subscription: is missing",
        "parameters: expected a list of names",
        "destinations.*: expected DATASTORE/path/{run}/{output}",
        "compute.a.kind: expected one of amlcompute",
        "compute.b.kind: databricks needs",
        "compute.c.gpus: amlcompute has no such option",
    ):
        assert any(expected in text for text in told), (expected, told)
