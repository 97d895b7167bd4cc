"""Experiments whose data are on the web, as a user runs them."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from concrete_cli.backends.local import sources

from concrete_cli import digest
from concrete_cli import home as homes
from concrete_cli.commands import rehearsing, reproduce
from concrete_cli.config import load
from concrete_cli.plan import Plan, Source, Step
from concrete_cli.sources import fetching, urls
from concrete_cli.workflows.train import train
from concrete_cli.workspace import Workspace

EXPERIMENT = """
[experiment]
name = "web"

[pipeline.steps.count]
script = "count.py"
inputs = {{ rows = "{uri}" }}
outputs = ["counted"]
"""
COUNT = """
import argparse, pathlib
it = argparse.ArgumentParser()
it.add_argument("--rows", type=pathlib.Path)
it.add_argument("--counted", type=pathlib.Path)
args = it.parse_args()
(args.counted / "count.txt").write_text(f"{args.rows.name} {len(args.rows.read_text().split())}")
"""
TABLE = """
[experiment]
name = "web"
[data]
source = "{url}"
{sha256}
target = "b"
[train.candidates]
linear = {{ model = "linear" }}
"""


@pytest.fixture
def write(tmp_path):
    (tmp_path / "count.py").write_text(COUNT)

    def written(text):
        (tmp_path / "concrete.toml").write_text(text)
        return tmp_path / "concrete.toml"

    return written


def test_a_run_fetches_what_the_next_one_has(concrete, typed, site, held, write, tmp_path):
    write(EXPERIMENT.format(uri=held()))
    assert f"fetching {site.base}/mixes.csv" in concrete("run").stderr
    assert len(site.calls) == 1
    site.close()
    assert "reused" in typed("why", "count")
    again = concrete("run", "--no-reuse")
    assert "fetching" not in again.stderr
    typed("fetch", "latest", "count.counted", "got")
    assert (tmp_path / "got" / "count.txt").read_text() == "mixes.csv 2"


def test_planning_needs_no_network(concrete, typed, site, held, write):
    write(EXPERIMENT.format(uri=held()))
    site.close()
    assert "it has not run yet" in typed("why", "count")
    gone = concrete("run", "--json", code=7)
    assert json.loads(gone.stdout)["error"]["kind"] == "BackendUnavailable"
    assert json.loads(typed("runs", "--json"))["runs"] == []


def test_what_is_not_as_pinned_has_an_exit_code_of_its_own(concrete, site, held, write):
    uri = held()
    site.pages["/mixes.csv"] = b"other"
    write(EXPERIMENT.format(uri=uri))
    done = concrete("run", code=8)
    assert "does not hold what it should" in done.stderr
    assert "was it changed on purpose" in done.stderr
    assert "Traceback" not in done.stderr


def test_pin_prints_what_check_wants(typed, held, write):
    url, sha256 = urls.split(held())
    assert typed("pin", url) == f'source = "{url}"\nsha256 = "{sha256}"\n'
    write(TABLE.format(url=url, sha256=""))
    told = typed("check", code=3)
    assert "concrete.toml:5:10" in told
    assert f"`concrete pin {url}` prints it" in told
    write(TABLE.format(url=url, sha256=f'sha256 = "{sha256}"'))
    typed("check")
    found = json.loads(typed("pin", url, "--json"))
    assert (found["source"], found["sha256"], found["bytes"]) == (url, sha256, 8)
    assert "is no URL" in typed("pin", "mixes.csv", code=2)


def test_no_error_tells_a_secret(typed, write):
    url = "https://me:hush@x.org/a.csv?sig=quiet"
    write(TABLE.format(url=url, sha256=""))
    for words, code in ((["pin", url], 2), (["check"], 3), (["check", "--json"], 3)):
        told = typed(*words, code=code)
        assert "https://" in told or "--json" in words
        assert "hush" not in told
        assert "quiet" not in told


def test_the_data_of_an_experiment_are_pinned(write, held, site, tmp_path):
    uri = held()
    url, sha256 = urls.split(uri)
    for text in (
        TABLE.format(url=url, sha256=f'sha256 = "{sha256}"'),
        TABLE.format(url=uri, sha256=""),
    ):
        prepare = train(load(write(text), files=True)).step("prepare")
        assert prepare.inputs["source"] == Source(uri)
    assert site.calls == []


def test_a_url_and_its_file_are_the_same_ingredient(home, held):
    uri = held()
    before = sources.content(Source(uri), home)
    path = sources.find(Source(uri), home)
    assert sources.content(Source(uri), home) == before == sources.content(Source(str(path)), home)


def test_a_file_here_may_be_pinned_too(typed, write, tmp_path):
    (tmp_path / "mixes.csv").write_text("a,b\n" + "".join(f"{n},{n % 7}\n" for n in range(60)))
    write(TABLE.format(url="mixes.csv", sha256=f'sha256 = "{"5e" * 32}"'))
    told = typed("check", code=3)
    assert "data.sha256: mixes.csv holds something else" in told
    right = digest.of_file(tmp_path / "mixes.csv")
    assert right[:20] in told
    write(TABLE.format(url="mixes.csv", sha256=f'sha256 = "{right}"'))
    typed("check")


def test_reproducing_takes_the_data_from_where_they_are(home, held, site, tmp_path):
    uri = held()
    step = {"name": "prepare", "inputs": {"source": {"source": uri}}}
    recipe = {"inputs": {"source": urls.split(uri)[1]}}
    runs = [{"plan": {"steps": [step]}, "steps": {"prepare": {"recipe": recipe}}}]
    assert list(reproduce._missing(runs, home)) == []
    other = homes.prepare(tmp_path / "other")
    fetching.share(home, other)
    site.pages.clear()
    assert fetching.bring(uri, other).read_bytes() == b"a,b\n1,2\n"
    empty = homes.prepare(tmp_path / "empty")
    (line,) = reproduce._missing(runs, empty)
    assert line.startswith(f"the input {site.base}/mixes.csv is gone")


def test_a_rehearsal_reads_the_fetched_file(home, held):
    uri = held()
    plan = Plan("read", (Step("read", "/nowhere.py", {"rows": Source(uri)}),))
    prepared = SimpleNamespace(plan=plan, workspace=Workspace(home))
    (step,) = rehearsing._with_paths(prepared).steps
    assert step.inputs["rows"] == Source(str(fetching.target(uri, home)))
    assert fetching.target(uri, home).is_file()


def test_secrets_are_in_no_record(concrete, site, held, write, tmp_path):
    write(EXPERIMENT.format(uri=held().replace(".csv", ".csv?sig=${SAS}")))
    concrete("run", env={"SAS": "hush-hush"})
    assert site.calls[0][0].endswith("sig=hush-hush")
    for path in Path(tmp_path).rglob("*"):
        assert not path.is_file() or b"hush-hush" not in path.read_bytes(), path
