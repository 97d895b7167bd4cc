"""A power cut takes back all that was not synced. What an event tells of was."""

import hashlib
import json

import pytest
from concrete_cli.backends.local import LocalBackend
from concrete_cli.backends.local.serving import bundles

from concrete_cli import results, runs
from concrete_cli.backend import Options, State
from concrete_cli.cache import Cache
from concrete_cli.disk import sync_folder
from concrete_cli.plan import Output, Plan
from concrete_cli.registry.models import Models
from concrete_cli.runs import Run, Runs
from concrete_cli.sources import fetching, urls
from power import Disk
from website import Site

GOOD = "(out / 'sub').mkdir()\n(out / 'sub' / 'text.txt').write_text('done')\nprint('said')"
BAD = "(args.kept / 'text.txt').write_text('as far as it came')\nprint('said')\nsys.exit(1)"


@pytest.fixture
def disk(rig, monkeypatch):
    disk = Disk(rig.home, "events.jsonl")
    disk.install(monkeypatch)
    return disk


@pytest.fixture
def steps(rig):
    good = [rig.step(f"s{n}", GOOD) for n in range(4)]
    later = [rig.step(f"t{n}", GOOD, data=f"s{n}.out") for n in range(4)]
    bad = rig.step("bad", BAD, outputs=(Output("bad", "kept", "mount"),), optional=True)
    return *good, *later, bad


def test_what_was_told_is_there_after_a_cut_at_any_moment(rig, disk, steps, tmp_path):
    run = rig.submit(*steps)
    told = [event.step for event in rig.backend.watch(run.id) if event.state.ended]

    assert sorted(told) == sorted(step.name for step in steps)
    assert len(disk.moments) > 3
    seen = 0
    for number in range(len(disk.moments)):
        home = disk.after_cut(tmp_path / f"cut-{number}", number)
        events = Run(home / "runs" / run.id).last_events().values()
        seen = max(seen, sum(event.state.ended for event in events))
        for event in events:
            if event.state is State.DONE:
                assert Cache(home).entry(event.entry).damage() == "", event
                assert Cache(home).entry(event.entry).log.read_text() == "said\n"
            if event.state is State.FAILED:
                failed = home / "runs" / run.id / "failed" / event.step
                assert (failed / "log.txt").read_text() == "said\n"
                kept = failed / "outputs" / "kept" / "text.txt"
                assert kept.read_text() == "as far as it came"
    assert seen == len(steps)


def test_a_run_that_was_cut_off_goes_on(rig, disk, steps, tmp_path):
    run = rig.submit(*steps)
    rig.watch(run)

    for number in range(0, len(disk.moments), 3):
        home = disk.after_cut(tmp_path / f"cut-{number}", number)
        before = Run(home / "runs" / run.id).last_events()
        assert [*LocalBackend(home, {}).watch(run.id)]
        last = Run(home / "runs" / run.id).last_events()
        assert runs.status(run.plan, last, driven=False, cancelled=False) == "done"
        for name, event in before.items():
            assert not event.state.good or last[name] == event, "what was done is not run again"
        document = results.steps(run.plan, last, going=False)
        assert {one["state"] for one in document} <= {"done", "reused", "failed"}


def test_files_that_are_empty_after_a_cut_are_made_again(rig, steps, caplog):
    first = rig.run(*steps)
    for number, event in enumerate(first.values()):
        if event.state is State.DONE:
            entry = rig.entry(event)
            victims = ("step.json", "outputs/out/sub/text.txt", "log.txt")
            victim = entry.path / victims[number % 3]
            victim.chmod(0o600)
            victim.write_bytes(b"")
    rows = rig.backend.forecast(Plan("toy", steps), Options())  # looks, and does not stumble
    assert {row.step for row in rows} == {step.name for step in steps}

    again = rig.run(*steps)

    assert {event.state.value for event in again.values()} == {"done", "reused", "failed"}
    assert "is damaged: step.json: is empty" in caplog.text
    for event in again.values():
        if event.state.good:
            assert rig.entry(event).damage() == ""


def test_a_run_is_whole_as_soon_as_it_has_its_name(rig, disk, steps, tmp_path):
    run = rig.submit(*steps)

    home = disk.after_cut(tmp_path / "cut")

    assert Runs(home).find(run.id).plan == run.plan
    assert json.loads((home / "runs" / run.id / "run.json").read_text())["id"] == run.id


def test_what_lies_elsewhere_is_whole_when_it_is_there(rig, disk, tmp_path):
    bundle = rig.home / "tmp" / "bundle"
    bundle.mkdir()
    (bundle / "bundle.json").write_text('{"model": "toys:1"}')
    (bundle / "model.skops").write_text("a model")
    endpoint = rig.home / "endpoints" / "toys"
    endpoint.mkdir()
    sync_folder(rig.home / "endpoints")
    copy = bundles.copy(bundle, endpoint)
    site, body = Site(), b"a,b\n1,2\n"
    url = urls.pinned(site.put("/rows.csv", body), hashlib.sha256(body).hexdigest())
    fetched = fetching.bring(url, rig.home)
    site.close()

    home = disk.after_cut(tmp_path / "cut")

    assert (home / copy.relative_to(rig.home) / "model.skops").read_text() == "a model"
    assert (home / fetched.relative_to(rig.home)).read_text() == body.decode()


def test_a_version_is_whole_as_soon_as_it_has_its_number(rig, disk, tmp_path):
    bundle = tmp_path / "bundle"
    (bundle / "code").mkdir(parents=True)
    (bundle / "code" / "mine.py").write_text("x = 1")
    (bundle / "manifest.json").write_text("{}")

    Models(rig.home).publish("toys", bundle)
    home = disk.after_cut(tmp_path / "cut")

    assert Models(home).find("toys").damage() == ""
    assert (Models(home).find("toys").path / "code" / "mine.py").read_text() == "x = 1"
