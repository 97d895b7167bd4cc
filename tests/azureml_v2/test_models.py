"""Models of the workspace: registered, found, tagged, pulled, pushed."""

import pytest

from concrete_cli.errors import NotFound


@pytest.fixture
def bundle(tmp_path):
    folder = tmp_path / "bundle"
    (folder / "deep").mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    (folder / "deep" / "weights.txt").write_text("1 2 3")
    return folder


def test_a_bundle_goes_up_and_comes_back(backend, bundle, tmp_path):
    card = {"rmse": 4.2}
    assert backend.models.push(bundle, "pushed", card) == 1

    assert backend.models.pull("pushed", tmp_path / "pulled").version == 1

    found = {
        path.relative_to(tmp_path / "pulled").as_posix(): path.read_text()
        for path in (tmp_path / "pulled").rglob("*")
        if path.is_file()
    }
    assert found == {"manifest.json": "{}", "deep/weights.txt": "1 2 3"}
    assert backend.models.find("pushed").tags == {"rmse": "4.2"}


def test_a_model_of_other_tools_that_is_all_folders_is_pulled_as_well(backend, tmp_path):
    for name in ("one", "two"):
        (tmp_path / "triton" / name).mkdir(parents=True)
        (tmp_path / "triton" / name / "model.onnx").write_text(name)
    backend.models.push(tmp_path / "triton", "triton")
    backend.models.pull("triton", tmp_path / "pulled")
    assert (tmp_path / "pulled" / "two" / "model.onnx").read_text() == "two"


def test_an_alias_belongs_to_one_version(backend, bundle):
    first = backend.models.push(bundle, "tagged")
    (bundle / "manifest.json").write_text('{"second": true}')
    second = backend.models.push(bundle, "tagged")
    assert (first, second) == (1, 2)

    backend.models.tag("tagged", first, "champion")
    assert backend.models.find("tagged@champion").version == first
    backend.models.tag("tagged", second, "champion")
    assert backend.models.find("tagged@champion").version == second
    assert backend.models.find(f"tagged@{first}").aliases == ()


def test_an_output_of_a_run_is_registered_where_it_is(run, backend, toy, tmp_path):
    handle, _ = run(toy)
    version = backend.models.publish(handle, "chosen", toy.publishes["toy"], {"total": 3.5})
    assert backend.models.pull(f"chosen@{version}", tmp_path / "model").tags["run"] == handle
    assert (tmp_path / "model" / "metrics.json").exists()


def test_the_version_of_a_run_is_known_though_others_have_registered_since(
    run, backend, toy, bundle
):
    handle, _ = run(toy)
    ((name, output),) = toy.publishes.items()
    own = backend.models.find(name).version
    later = backend.models.push(bundle, name)

    assert backend.models.find(name).version == later > own
    assert backend.models.left_by(handle, name, output).version == own


def test_an_unknown_model_has_no_versions(backend):
    with pytest.raises(NotFound, match="nobody"):
        backend.models.find("nobody")


def test_all_models_are_listed_once(backend, bundle):
    backend.models.push(bundle, "listed")
    assert [model.name for model in backend.models.list()].count("listed") == 1
