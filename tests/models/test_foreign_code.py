"""What comes from elsewhere runs no code of its own, unless somebody says that it may."""

import json
import sys

import pytest
from concrete_cli.backends.local import preload

import served
from _manifest import write_manifest
from archives import RIDGE, named, publish, rewritten, skops
from concrete_cli import documents, tracking
from concrete_cli.commands import wanted
from concrete_cli.errors import Damaged, ExperimentInvalid, UsageError
from concrete_cli.plan import Output, Plan, Step
from concrete_cli.registry.archive import bring, export
from served import pack
from stepping import mixed

EVIL = "open({canary!r}, 'w').close()\n"
OWN = """
from sklearn.linear_model import LinearRegression

open({canary!r}, "w").close()


class Evil(LinearRegression):
    pass
"""
EXPERIMENT = """
[experiment]
name = "tiny"
[data]
source = "{folder}/toys.csv"
target = "price"
[train]
folds = 3
[train.candidates.one]
model = "{model}"
[pipeline]
scripts = "{scripts}"
"""


@pytest.fixture
def canary(tmp_path):
    """A file that is there once foreign code has run."""
    return tmp_path / "canary"


def with_files(file, record=None, **added):
    """Add files to an archive, sums and all, as somebody would who means harm."""

    def change(entries):
        found = {info.filename: content for info, content in entries} | added
        about = json.loads(found.pop("version.json")) | (record or {})
        about["files"] = {name: _sha256(content) for name, content in found.items()}
        found["version.json"] = json.dumps(documents.seal(about)).encode()
        return [(named(name), content) for name, content in found.items()]

    return rewritten(file, change)


def _sha256(content):
    import hashlib

    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("name", ["evil.py", "conftest.py", "plots/a.png", "code/evil.py", "x.so"])
@pytest.mark.parametrize("added", [[], ["lineage.json", "EVIL"]])
def test_a_file_of_no_known_kind_is_refused(file, elsewhere, name, added):
    hidden = [one.replace("EVIL", name) for one in added]
    with_files(file, {"added": hidden} if hidden else None, **{name: b"pass\n"})

    with pytest.raises((Damaged, UsageError), match=r"evil|conftest|plots|x\.so|no exported"):
        bring(elsewhere, file, trust=name != "code/evil.py")
    assert elsewhere.all() == []


@pytest.mark.parametrize(
    ("imports", "code"),
    [
        (["/proc/self/cwd/.concrete/models/tiny/1/evil.py"], {}),
        (["pytest.__main__"], {}),  # harmless for a name, but no model of ours asks for one
        (["../evil.py"], {"mine.py": ""}),
        (["mine", "a b"], {"mine.py": ""}),
        ([7], {"mine.py": ""}),
        ("os", {"mine.py": ""}),
        ({"os": 1}, {"mine.py": ""}),
    ],
)
def test_what_a_manifest_imports_is_a_name_of_a_module_that_its_code_needs(
    models, elsewhere, tmp_path, imports, code
):
    facts = {"model": "ridge", "params": {}, "imports": imports}
    version = publish(models, tmp_path / "bundle", skops(RIDGE), facts)
    export(version, tmp_path / "m.zip")
    if code:
        listed = {name: _sha256(text.encode()) for name, text in code.items()}
        changed = json.dumps(facts | {"code": listed}).encode()
        files = {f"code/{name}": text.encode() for name, text in code.items()}
        with_files(tmp_path / "m.zip", **{"manifest.json": changed, **files})

    with pytest.raises(Damaged, match="imports"):
        bring(elsewhere, tmp_path / "m.zip", trust=True)
    with pytest.raises(Damaged, match="imports"):
        wanted._made("m", "m", facts | ({"code": {"mine.py": ""}} if code else {}))


def test_only_installed_libraries_are_imported_ahead():
    facts = {"model": "mine:Own", "params": {}, "code": {"mine.py": ""}}
    facts["imports"] = ["mine.parts", "numpy.linalg", "antigravity", "nowhere_to_be_found"]

    found = wanted._made("m", "m", facts).libraries

    assert "numpy.linalg" in found
    assert not {"mine", "mine.parts", "antigravity", "nowhere_to_be_found"} & {*found}


def test_a_plan_names_libraries_and_no_files(tmp_path, canary):
    evil = tmp_path / "evil.py"
    evil.write_text(EVIL.format(canary=str(canary)))

    step = Step("one", "train.py", outputs=(Output("one", "out"),), libraries=(str(evil),))
    with pytest.raises(ExperimentInvalid, match=r"evil\.py' in step 'one' is not the name"):
        Plan("train", (step,))
    preload.load(str(evil))
    assert not canary.exists()


def test_the_libraries_of_a_bundle_are_those_that_its_model_needs(tmp_path):
    model = served.model(tmp_path / "model", "linear")
    manifest = json.loads((model / "manifest.json").read_text())
    for name, version in (
        ("--index-url", "1"),
        ("left-pad", "1.0"),
        ("numpy", "1\n--extra-index-url http://x"),
        ("python", "3.11\n-r /etc/passwd"),
    ):
        versions = manifest["versions"] | {name: version}
        write_manifest(model, manifest | {"versions": versions})
        import subprocess

        with pytest.raises(subprocess.CalledProcessError) as refused:
            pack(model, tmp_path / f"bundle{name}")
        assert refused.value.returncode == 3
        assert repr(name).encode() in refused.value.stderr


def test_the_run_of_a_version_is_below_the_home_and_nowhere_else(models, tmp_path):
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "run.json").write_text('{"tracker": "http://127.0.0.1:1"}')
    publish(models, tmp_path / "bundle", skops(RIDGE))
    facts = {"run": str(tmp_path / "evil")}
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "model.skops").write_bytes(b"")
    version = models.publish("other", tmp_path / "other", facts)

    assert tracking._tracker(tracking.origin(models, version)) == ""


@pytest.fixture
def home(concrete, models, tmp_path, monkeypatch):
    """A home and an experiment; `concrete` works on them."""
    monkeypatch.setenv("CONCRETE_HOME", str(models.home))
    mixed(60).to_csv(tmp_path / "toys.csv", index=False)
    text = EXPERIMENT.format(folder=tmp_path, model="linear", scripts=".")
    (tmp_path / "concrete.toml").write_text(text)
    return models


def test_score_runs_nothing_that_a_manifest_points_to(concrete, home, tmp_path, canary):
    model = served.model(tmp_path / "model", "linear", mixed=False)
    manifest = json.loads((model / "manifest.json").read_text())
    place = home.folder / "tiny" / "1" / "evil.py"
    write_manifest(model, manifest | {"imports": [str(place)]})
    served.rows(3, mixed=False).drop(columns="y").to_csv(tmp_path / "new.csv", index=False)
    evil = EVIL.format(canary=str(canary))
    export(home.publish("tiny", model), tmp_path / "tiny.zip")

    zipped = with_files(tmp_path / "tiny.zip", **{"evil.py": evil.encode()})
    refused = concrete("models", "import", zipped, "--name", "x", code=8).stderr
    assert "tiny.zip: manifest.json: imports" in refused
    # As an earlier concrete would have let it in.
    (model / "evil.py").write_text(evil)
    home.publish("tiny", model)
    for wanted_ in ("tiny:1", "tiny:2", str(model)):
        words = ("--model", wanted_, "--data", "new.csv", "--out", "-")
        concrete("score", *words, code=8)
    assert not canary.exists()


def test_a_folder_whose_model_brings_code_wants_to_be_trusted(
    concrete, home, tmp_path, canary, monkeypatch
):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "evil_mine.py").write_text(OWN.format(canary=str(canary)))
    with monkeypatch.context() as patch:
        patch.syspath_prepend(str(tmp_path / "mine"))
        model = served.model(tmp_path / "model", "evil_mine:Evil", mixed=False)
        sys.modules.pop("evil_mine")
    canary.unlink()
    served.rows(3, mixed=False).drop(columns="y").to_csv(tmp_path / "new.csv", index=False)
    words = ("--model", model, "--data", "new.csv", "--out", "-")

    refused = concrete("score", *words, code=2).stderr
    assert "evil_mine.py" in refused
    assert "--trust-code" in refused
    concrete("deploy", "--model", model, code=2)
    assert not canary.exists()
    assert concrete("score", *words, "--trust-code").stdout.startswith("prediction")
    assert canary.exists()


@pytest.mark.parametrize("model", ["evil_mine:Evil", "subprocess:Popen", "linear"])
def test_reproduce_of_an_import_runs_our_scripts_only(concrete, home, tmp_path, canary, model):
    """The text of a lineage may name a folder with any class, and any pipeline."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "evil_mine.py").write_text(OWN.format(canary=str(canary)))
    (tmp_path / "mine" / "evil_step.py").write_text(EVIL.format(canary=str(canary)))
    text = EXPERIMENT.format(folder=tmp_path, model=model, scripts=tmp_path / "mine")
    workflow = "train"
    if model == "linear":
        workflow = "run"
        text += '[pipeline.steps.x]\nscript = "evil_step.py"\noutputs = ["out"]\n'
    if model == "subprocess:Popen":
        text += f'[train.candidates.two]\nmodel = "{model}"\nparams = {{ args = ["touch", "x"] }}\n'
    text += '[tracking]\nmlflow = "http://127.0.0.1:1"\n'
    run = {"run": "a", "workflow": workflow, "file": "x.toml", "text": text, "steps": {}}
    plan = {"name": "mine", "steps": [], "publishes": {}}
    lineage = {"format": 1, "git": None, "shares": [], "runs": [run | {"plan": plan}]}
    made = publish(home, tmp_path / "bundle", skops(RIDGE))
    export(made, tmp_path / "m.zip")
    home.delete(made)
    with_files(tmp_path / "m.zip", **{"lineage.json": json.dumps(lineage).encode()})
    concrete("models", "import", tmp_path / "m.zip")

    refused = concrete("reproduce", "concrete", code=2).stderr

    assert "--trust-code" in refused
    assert not canary.exists()
    if model != "subprocess:Popen":
        concrete("reproduce", "concrete", "--trust-code", code=None)
        assert canary.exists()
