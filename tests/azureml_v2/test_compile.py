"""Compiling is pure and offline: no login, no request, the same every time."""

import shutil
import subprocess
import sys

import pytest
import yaml
from azure.ai.ml import load_job
from concrete_cli.backends import travelling
from concrete_cli.backends.azureml_v2 import AzureBackend
from concrete_cli.backends.azureml_v2.commandline import command
from concrete_cli.backends.azureml_v2.compile import compile_plan
from concrete_cli.backends.azureml_v2.preview import preview
from concrete_cli.backends.azureml_v2.settings import problems_of_plan, read

from concrete_cli.backend import Options
from concrete_cli.errors import ExperimentInvalid
from concrete_cli.plan import Output, Plan, Source, Step
from toys_v2 import STEPS, fault


def compiled(plan, tmp_path, options=None, **settings):
    return compile_plan(plan, read({"environment": "c:1", **settings}), tmp_path, options=options)


def document(plan, tmp_path, options=None, **settings):
    return compiled(plan, tmp_path, options, **settings).pipeline._to_dict()


def test_words_reach_the_script_as_they_are(toy):
    line = command(toy.step("best"), read({}))
    assert line == (
        """python best.py --names '["it'"'"'s 2", "it'"'"'s 3"]' """
        "--totals ${{inputs.totals_0}} ${{inputs.totals_1}} --model ${{outputs.model}}"
    )


def test_one_output_under_two_names_is_two_inputs():
    data = Output("a", "data")
    twice = Step("b", "b.py", {"left": data, "right": data})
    assert (
        command(twice, read({})) == "python b.py --left ${{inputs.left}} --right ${{inputs.right}}"
    )


def test_the_graph_holds_everything_that_the_plan_says(toy, tmp_path, source):
    found = document(toy, tmp_path, Options(force=("numbers",)), default_compute="small")

    jobs = found["jobs"]
    assert list(jobs) == ["numbers", "power_2", "power_3", "best"]
    assert jobs["best"]["compute"] == "azureml:big-cluster"
    assert jobs["numbers"]["compute"] == "azureml:small"
    assert jobs["numbers"]["component"]["is_deterministic"] is False
    assert jobs["best"]["component"]["is_deterministic"] is True
    assert jobs["best"]["inputs"]["totals_1"]["path"] == "${{parent.jobs.power_3.outputs.total}}"
    assert found["settings"] == {
        "default_compute": "azureml:small",
        "continue_on_step_failure": True,
        "force_rerun": False,
    }
    assert found["outputs"]["best_model"]["name"] == "toy"


def test_modes_limits_and_machines(tmp_path):
    table = {"gpu": {"kind": "kubernetes", "target": "k8s", "instance_type": "large"}}
    plan = fault("fail", timeout=30, retries=2, compute="gpu")
    step = document(plan, tmp_path, compute=table)["jobs"]["fault"]
    modes = {name: spec["mode"] for name, spec in step["component"]["outputs"].items()}
    assert modes == {"kept": "rw_mount", "lost": "upload"}
    assert step["limits"]["timeout"] == 150
    assert step["compute"] == "azureml:k8s"
    assert step["resources"]["instance_type"] == "large"
    assert "_attempt.py --retries 2 --timeout 30 --empty" in step["component"]["command"]


def test_an_output_may_have_a_destination(toy, tmp_path):
    table = {"numbers.*": "lake/concrete/{run}/{step}/{output}"}
    step = document(toy, tmp_path, destinations=table)["jobs"]["numbers"]
    where = "azureml://datastores/lake/paths/concrete/${{name}}/numbers/data"
    assert step["outputs"]["data"]["path"] == where


def test_only_the_import_closure_travels(toy, tmp_path):
    found = compiled(toy, tmp_path).code
    assert sorted(path.name for path in found["power_2"].iterdir()) == ["_tools.py", "power.py"]
    assert found["power_2"] == found["power_3"]
    assert sorted(path.name for path in found["numbers"].iterdir()) == ["numbers.py"]


def test_the_environment_pins_what_the_scripts_need(tmp_path):
    script = tmp_path / "uses.py"
    script.write_text("import sklearn.linear_model\nimport json\n")
    (tmp_path / "staging").mkdir()
    plan = Plan("uses", (Step("uses", str(script)),))
    found = compiled(plan, tmp_path / "staging", environment="").pipeline.jobs["uses"]
    conda = found.component.environment.conda_file
    pinned = {line.partition("==")[0]: line for line in conda["dependencies"][2]["pip"]}
    assert {"scikit-learn", "numpy", "scipy", "joblib"} <= set(pinned)
    assert not {"pytest", "azure-ai-ml"} & set(pinned)


def test_what_azure_would_read_as_its_own_is_refused(tmp_path):
    plan = Plan("odd", (Step("odd", str(STEPS / "fault.py"), params={"how": "${{name}}"}),))
    with pytest.raises(ExperimentInvalid, match="expression of Azure"):
        compiled(plan, tmp_path)


def test_scripts_that_are_too_many_or_too_large_are_refused(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(travelling, "MOST", 0)
    found = AzureBackend(tmp_path, {}).check(toy)
    assert found[0][1].startswith("the files of step numbers are too large to upload")


def test_a_parameter_that_no_step_has_is_a_problem(toy):
    ((key, text),) = problems_of_plan(toy, read({"parameters": ["factor", "numbers.factr"]}))
    assert (key, "did you mean 'numbers.factor'" in text) == ("parameters", True)


def test_a_parameter_of_one_step_is_not_that_of_another(toy, tmp_path):
    ((_, text),) = problems_of_plan(toy, read({"parameters": ["exponent"]}))
    assert text == "'exponent' is not the same in every step; name one: STEP.exponent"
    opened = ["power_2.exponent", "power_3.exponent"]
    pipeline = compiled(toy, tmp_path, parameters=opened).pipeline._to_dict()
    given = {name: value for name, value in pipeline["inputs"].items() if "power" in name}
    assert given == {"power_2_exponent": "2", "power_3_exponent": "3"}
    bound = [pipeline["jobs"][f"power_{n}"]["inputs"]["param_exponent"] for n in (2, 3)]
    names = [f"${{{{parent.inputs.power_{n}_exponent}}}}" for n in (2, 3)]
    assert [one["path"] for one in bound] == names


def test_a_dry_run_writes_what_az_takes(toy, tmp_path, source):
    settings = read({"environment": "azureml://registries/azureml/environments/x/versions/1"})
    found = preview(toy, settings, tmp_path / "staging")
    file = found.write(tmp_path / "out")

    assert [step.name for step in found.steps] == [step.name for step in toy.steps]
    assert found.steps[1].files == ("_tools.py", "power.py")
    assert [(one.uri, one.bytes) for one in found.sources] == [(str(source), source.stat().st_size)]
    scripts = [path.stat().st_size for path in (tmp_path / "out" / "code").rglob("*.py")]
    assert found.bytes == sum(scripts) + source.stat().st_size
    shutil.rmtree(tmp_path / "staging")
    job = load_job(file)
    assert job._validate().passed, job._validate().error_messages
    again = yaml.safe_load(file.read_text())
    assert again["inputs"]["source"]["path"] == str(source)


def test_two_dry_runs_are_equal(toy, tmp_path):
    settings = read({"environment": "c:1"})
    one, two = (preview(toy, settings, tmp_path / name) for name in ("one", "two"))
    assert one.document == two.document
    assert one.summary() == two.summary()


def test_settings_are_read_without_the_sdk():
    code = (
        "import sys; import concrete_cli.backends.azureml_v2.settings as s; s.read({});"
        "print([name for name in sys.modules if name.startswith('azure')])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_a_source_that_only_azure_knows_stays_as_it_is(tmp_path):
    uri = "azureml://datastores/lake/paths/x.csv"
    step = Step("numbers", str(STEPS / "numbers.py"), {"source": Source(uri)})
    found = compiled(Plan("p", (step,)), tmp_path)
    assert found.pipeline.inputs["source"].path == uri
    assert not found.sources
