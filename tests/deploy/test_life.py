"""Workers and supervisors that die, hand over, or are asked to go, while others ask them."""

import contextlib
import json
import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest
from concrete_cli.backends.local.serving import alive

import hostile
from concrete_cli import documents
from concrete_cli.errors import BackendUnavailable
from load import Load


def workers(deploy, name="mix"):
    """The pids of the workers that answer."""
    supervisor = deploy.endpoints.show(name)["pid"]
    path = Path(f"/proc/{supervisor}/task/{supervisor}/children")
    return [int(pid) for pid in path.read_text().split()]


def until(true, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if found := true():
                return found
        time.sleep(0.02)
    raise AssertionError("it did not come about")


def test_a_killed_worker_is_back_soon_and_costs_no_more_than_what_it_held(shared, client, sample):
    with Load(client, sample) as load:
        for _ in range(3):
            before = workers(shared)
            os.kill(before[0], signal.SIGKILL)
            until(lambda old=before: len(now := workers(shared)) == 2 and now != old)
            time.sleep(0.5)
    assert load.right > 50
    assert load.statuses == {200: load.right}
    assert load.cut <= 3 * 4
    assert [one for one in load.wrong if isinstance(one, dict)] == []
    events = shared.events()
    died = [one["time"] for one in events if one.get("event") == "worker died"]
    ready = [one["time"] for one in events if one.get("event") == "worker is ready"]
    assert len(died) == 3
    assert all(min(t for t in ready if t > when) - when < 3 for when in died)
    assert "concrete_restarts_total 3" in client.ask("GET", "/metrics").text


def test_a_restart_has_no_gap(shared, client, sample):
    before = shared.endpoints.show("mix")["pid"]
    with Load(client, sample) as load:
        shared.endpoints.restart("mix")
        seen = load.right
        until(lambda: load.right > seen + 20)
    assert (load.wrong, load.cut) == ([], 0)
    assert load.statuses == {200: load.right}
    assert shared.endpoints.show("mix")["pid"] != before


def test_rotating_the_key_takes_no_time(shared, client, sample):
    for _ in range(3):
        old, client.key = client.key, Path(shared.endpoints.rotate_key("mix")).read_text().strip()
        assert client.key != old
        assert [client.ask("POST", "/score", "{}", key=old).status for _ in range(4)] == [401] * 4
        assert client.score(sample).status == 200


def test_sigterm_under_load_answers_what_was_accepted(deploy, sample):
    client = deploy(workers=2)
    found = []
    large = threading.Thread(target=lambda: found.append(client.score(*[sample] * 9000)))
    with Load(client, sample, clients=8) as load:
        until(lambda: load.right > 100)
        large.start()
        time.sleep(0.1)
        deploy.endpoints.stop("mix")
    large.join()
    assert (load.wrong, load.cut) == ([], 0)
    assert load.statuses == {200: load.right}
    assert (found[0].status, len(found[0].json()["predictions"])) == (200, 9000)
    assert deploy.endpoints.show("mix")["status"] == "stopped"

    # Another process that has got its pid is not taken for it, and not ended either.
    path = Path(deploy.endpoints.show("mix")["key_file"]).with_name("process.json")
    documents.write(path, json.loads(path.read_text()) | {"pid": os.getppid()})
    assert deploy.endpoints.show("mix")["status"] == "stopped"
    assert deploy.endpoints.stop("mix")["status"] == "stopped"


def test_a_new_bundle_takes_over_without_a_gap_and_a_bad_one_not(deploy, other, sample, tmp_path):
    client = deploy(workers=1)
    bad = Path(shutil.copytree(other, tmp_path / "bad"))
    (bad / "model" / "model.skops").write_bytes(b"no model")
    names = set()
    asking = threading.Event()

    def ask():
        while not asking.is_set():
            names.add(client.score(sample).json()["model"])

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        found = deploy.endpoints.deploy(other, "mix", {"replace": True})
        first = client.score(sample).json()["model"]
        with pytest.raises(BackendUnavailable, match="did not come up anew; it goes on"):
            deploy.endpoints.deploy(bad, "mix", {"replace": True})
    finally:
        asking.set()
        thread.join()
    assert names == {"mix:1", "mix:2"}
    assert found["model"] == first == client.score(sample).json()["model"] == "mix:2"
    folder = Path(found["key_file"]).parent
    assert len(list(folder.glob("bundle-*"))) == 1
    assert not (folder / "settings.next.json").exists()


def test_a_killed_supervisor_takes_its_workers_along_and_can_be_started_again(deploy, sample):
    client = deploy(workers=2)
    supervisor, hands = deploy.endpoints.show("mix")["pid"], workers(deploy)
    folder = deploy.home / "endpoints" / "mix"
    removed = folder.with_name(f".x.{hands[0]}")  # of a command that is killed while it removes x
    removed.mkdir()
    deploy.endpoints.list()
    assert len(list(folder.glob("board-*"))) == 1
    assert removed.exists()
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: not alive.identity(supervisor))
    found = deploy.endpoints.show("mix")
    assert (found["status"], found["pid"]) == ("stopped", None)
    assert list(folder.glob("board-*")) == []  # any command sweeps them, workers living or not
    assert deploy.endpoints.restart("mix")["url"] == found["url"]  # it waits for those to go
    until(lambda: not any(alive.identity(pid) for pid in hands))
    assert client.score(sample).status == 200
    assert len(list(folder.glob("board-*"))) == 1
    assert [one["endpoint"] for one in deploy.endpoints.list()] == ["mix"]
    assert not removed.exists()


def test_a_worker_that_hangs_is_replaced_and_the_log_does_not_grow_for_ever(
    deploy, sample, monkeypatch
):
    monkeypatch.setenv("CONCRETE_HUNG", "1.5")
    monkeypatch.setenv("CONCRETE_LOG_LIMIT", "2000")
    client = deploy(workers=1)
    first = workers(deploy)
    os.kill(first[0], signal.SIGSTOP)
    until(lambda: (now := workers(deploy)) and now != first)
    log = Path(deploy.endpoints.show("mix")["log"])
    until(lambda: client.score(sample).status == 200 and log.with_name("log.1").exists())
    until(lambda: client.score(sample).status == 200 and "/score" in log.read_text())
    assert all(isinstance(one, dict) for one in deploy.events())


def test_where_forks_are_not_safe_workers_are_fresh_interpreters(deploy, sample, monkeypatch):
    monkeypatch.setenv("CONCRETE_FORK", "no")
    client = deploy(workers=1)
    assert client.score(sample).status == 200
    commands = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in workers(deploy)]
    assert all(b"serving.worker" in command for command in commands)


@pytest.mark.parametrize("fork", ["yes", "no"])
def test_nothing_of_the_current_folder_is_imported(deploy, sample, tmp_path, monkeypatch, fork):
    trace = hostile.folder(tmp_path / "hostile", monkeypatch)
    monkeypatch.setenv("CONCRETE_FORK", fork)
    assert deploy().score(sample).status == 200
    assert not trace.exists(), trace.read_text()
