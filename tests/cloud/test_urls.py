"""Data on the web, for a cloud: fetched here once, uploaded once, by what they hold."""

import hashlib

import pytest

from website import Site


@pytest.fixture
def site():
    made = Site()
    yield made
    made.close()


def uploads(cloud, begin):
    """Return the blobs that were written since so many calls, or given metadata."""
    calls = cloud.emulator.calls[begin:]
    if cloud.name == "azureml":
        puts = [path for method, path, _ in calls if method == "PUT" and ".blob." in path]
    else:
        puts = [
            one.path for one in calls if one.method == "PUT" and "/subscriptions/" not in one.path
        ]
    return {path for path in puts if "ExperimentRun" not in path}


def files(cloud):
    emulator = cloud.emulator
    return (emulator.cloud.folder if cloud.name == "azureml-v2" else emulator.folder).rglob("*")


def test_a_url_is_fetched_once_and_uploaded_once(type_, experiment, cloud, folder, site):
    body = (folder / "in.txt").read_bytes()
    uri = f"{site.put('/in.txt', body)}#sha256={hashlib.sha256(body).hexdigest()}"
    file = experiment(cloud.table, "[steps.total]", 'destination = "archive/kept/{run}/{output}"')
    told = (file, "--backend", cloud.name, "--set", f"pipeline.steps.numbers.inputs.source={uri}")

    shown = type_("run", *told, "--dry-run").stdout
    assert f"source {site.base}/in.txt  to {site.base}/in.txt  fetched here first" in shown
    assert "total.total (upload) to archive/kept/{run}/{output}" in shown
    assert site.calls == []

    begin = len(cloud.emulator.calls)
    assert f"fetching {site.base}/in.txt" in type_("run", *told).stderr
    assert len(site.calls) == 1
    assert [path for path in files(cloud) if path.name == "total.json" and "kept" in path.parts]
    assert sum(path.endswith("in.txt") for path in uploads(cloud, begin)) == 1

    site.close()
    begin = len(cloud.emulator.calls)
    again = type_("run", *told, "--json").json()
    assert {step["state"] for step in again["steps"]} == {"reused"}
    assert uploads(cloud, begin) == set()
    (source,) = type_("run", *told, "--dry-run", "--json").json()["sources"]
    assert source["bytes"] == len(body)
