"""Several processes at one home: runs beside runs, cancelling, listening."""

import os
import signal
import threading
import time

import pytest

from concrete_cli import names, runs
from concrete_cli.backend import Options
from concrete_cli.commands import collect
from concrete_cli.commands.history import logs
from concrete_cli.plan import Plan
from concrete_cli.runs import Runs
from concrete_cli.workspace import Workspace

WRITE = "(out / 'text.txt').write_text('x')\n"
COUNT = "open('{folder}/tries', 'a').write('{name} ')\n"


def counted(rig, name, body=WRITE, **fields):
    return rig.step(name, COUNT.format(folder=rig.folder, name=name) + body, **fields)


def tries(rig):
    path = rig.folder / "tries"
    return path.read_text().split() if path.exists() else []


def status(run):
    return runs.status(run.plan, run.last_events(), driven=run.driven, cancelled=run.cancelled)


@pytest.mark.parametrize("reuse", [True, False], ids=["reuse", "anew"])
def test_two_runs_of_the_same_plan(rig, reuse):
    """Outputs that both make differ: the first one stays, nobody reads a mixture of the two."""
    body = "time.sleep(0.05)\n(out / 'text.txt').write_text(str(time.time_ns()))\n"
    if not reuse:
        body = "time.sleep(0.05)\n" + WRITE
    read = "(out / 'text.txt').write_text((data / 'text.txt').read_text())"
    steps = [rig.step("s0", body)]
    steps += [
        rig.step(f"s{n}", "time.sleep(0.02)\n" + read, data=f"s{n - 1}.out") for n in range(1, 5)
    ]
    both = [rig.submit(*steps, reuse=reuse) for _ in range(2)]

    others = [rig.elsewhere(run) for run in both]

    assert [other.wait() for other in others] == [0, 0]
    for run in both:
        assert set(rig.states(run).values()) <= {"done", "reused"}
        texts = {rig.text(event) for event in run.last_events().values()}
        assert len(texts) == 1
    assert len(list(rig.cache.entries())) == len(steps)
    for entry in rig.cache.entries():
        assert not entry.damage()


@pytest.mark.parametrize("read", ["twice", "before"])
def test_an_input_that_another_run_makes_anew_is_read_again(rig, until, read):
    """Its content is another one then: the step that was reading it does so once more."""
    go = rig.folder / "go"
    one = rig.step("one", "(out / 'text.txt').write_text(str(time.time_ns()))")
    last = "text = (data / 'text.txt').read_text()\n" if read == "twice" else ""
    wait = f"while not Path('{go}').exists(): time.sleep(0.01)\n"
    first = "text = (data / 'text.txt').read_text()\n"
    end = "(out / 'text.txt').write_text(text)\n"
    two = counted(rig, "two", first + wait + last + end, data="one.out")
    run = rig.submit(one, two)
    driver = rig.elsewhere(run)
    until(lambda: tries(rig))

    rig.run(one, reuse=False)
    go.touch()

    assert driver.wait() == 0
    assert tries(rig) == ["two", "two"]
    last = run.last_events()
    assert rig.text(last["two"]) == rig.text(last["one"])


def test_many_runs_begin_at_once_and_all_get_names_of_their_own(rig, monkeypatch):
    monkeypatch.setattr(names, "WORDS", ("amber", "otter"))
    plan = Plan("p", (rig.step("one", WRITE),))

    def create():
        for _ in range(5):
            Runs(rig.home).create(plan, experiment="", options=Options(), facts={})

    others = [rig.elsewhere(create) for _ in range(4)]

    assert [other.wait() for other in others] == [0] * 4
    found = Runs(rig.home).all()
    assert len({run.id for run in found}) == 20
    assert all(run.record["id"] == run.id for run in found)
    assert not list(Runs(rig.home).folder.glob(".*"))


def test_a_second_watcher_listens_and_runs_nothing(rig, until):
    go = rig.folder / "go"
    step = counted(rig, "one", f"while not Path('{go}').exists(): time.sleep(0.01)\n" + WRITE)
    run = rig.submit(step, counted(rig, "two", data="one.out"))
    driver = rig.elsewhere(run)
    until(lambda: tries(rig))
    seen = []
    listener = threading.Thread(target=lambda: seen.extend(rig.backend.watch(run.id)))
    listener.start()

    go.touch()

    assert driver.wait() == 0
    listener.join(10)
    assert seen == run.events()
    assert [(event.step, event.state) for event in seen] == [
        ("one", "running"),
        ("one", "done"),
        ("two", "running"),
        ("two", "done"),
    ]
    assert tries(rig) == ["one", "two"]


def test_looking_whether_a_run_is_driven_keeps_nobody_from_driving_it(rig):
    run = rig.submit(rig.step("one", WRITE))
    stop = threading.Event()

    def look():
        while not stop.is_set():
            _ = run.driven

    watchers = [threading.Thread(target=look) for _ in range(2)]
    for one in watchers:
        one.start()
    try:
        for _ in range(20):
            assert rig.watch(run)["one"].state in ("done", "reused")
    finally:
        stop.set()
        for one in watchers:
            one.join()


def test_cancel_from_another_process(rig, until):
    first = counted(rig, "first")
    hangs = counted(rig, "hangs", "time.sleep(600)", data="first.out")
    run = rig.submit(first, hangs, counted(rig, "after", data="hangs.out"))
    driver = rig.elsewhere(run)
    until(lambda: "hangs" in tries(rig))
    assert status(run) == "running"

    rig.backend.cancel(run.id)

    assert not run.driven
    assert driver.wait() == 0
    assert status(run) == "cancelled"
    assert rig.states(run) == {"first": "done", "hangs": "waiting"}
    assert run.last_events()["hangs"].detail == "cancelled"
    assert not list((rig.home / "tmp").iterdir())
    counted(rig, "hangs", WRITE, data="first.out")
    assert rig.watch(run)["after"].state == "done"
    assert status(run) == "done"
    assert tries(rig) == ["first", "hangs", "hangs", "after"]


def test_nothing_starts_after_cancel(rig, until):
    """Also what became ready in the very turn in which the request was seen."""
    go = rig.folder / "go"
    waits = f"while not Path('{go}').exists(): time.sleep(0.01)\n" + WRITE
    first = [counted(rig, f"first_{n}", waits) for n in range(2)]
    after = [counted(rig, f"after_{n}", data=f"first_{n % 2}.out") for n in range(6)]
    run = rig.submit(*first, *after)
    driver = rig.elsewhere(run)
    until(lambda: len(tries(rig)) == 2)

    os.kill(driver.pid, signal.SIGSTOP)
    go.touch()
    time.sleep(0.1)
    run.cancel()
    os.kill(driver.pid, signal.SIGCONT)

    assert driver.wait() == 0
    assert status(run) == "cancelled"
    assert sorted(tries(rig)) == ["first_0", "first_1"]


def test_a_request_to_cancel_that_comes_too_late_changes_nothing(rig):
    run = rig.submit(rig.step("one", WRITE))
    for event in rig.backend.watch(run.id):
        if event.state == "done":
            run.cancel()

    assert status(run) == "done"
    assert rig.watch(run)["one"].state == "done"
    rig.backend.cancel(run.id)
    assert status(run) == "done"


def test_a_request_from_before_is_forgotten_and_one_from_now_counts(rig, until):
    run = rig.submit(counted(rig, "one", "time.sleep(600)"))
    run.cancel()
    driver = rig.elsewhere(run)
    until(lambda: tries(rig))

    rig.backend.cancel(run.id)

    assert driver.wait() == 0
    assert status(run) == "cancelled"


def test_logs_can_be_followed_from_another_process(rig, until):
    go = rig.folder / "go"
    body = f"print('begin')\nwhile not Path('{go}').exists(): time.sleep(0.01)\nprint('end')\n"
    run = rig.submit(rig.step("one", body + WRITE), rig.step("two", "print('two')\n" + WRITE))
    driver = rig.elsewhere(run)
    until(lambda: rig.states(run).get("two") == "done")

    pieces = []
    for step, text in logs(Workspace(rig.home), run, None, follow=True):
        pieces.append((step, text))
        go.touch()

    assert driver.wait() == 0
    said = {
        name: b"".join(text for step, text in pieces if step == name) for name in ("one", "two")
    }
    assert said == {"one": b"begin\nend\n", "two": b"two\n"}


def test_clock_set_back(rig, monkeypatch):
    before = rig.submit(rig.step("one", WRITE))
    rig.watch(before)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 3e8)

    class Past(runs.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(real() - 3e8, tz)

    monkeypatch.setattr(runs, "datetime", Past)
    after = rig.submit(rig.step("one", WRITE), rig.step("two", "time.sleep(0.05)\n" + WRITE))
    last = rig.watch(after)

    assert after.id < before.id
    assert Runs(rig.home).find("latest").id == after.id
    assert [run.id for run in Runs(rig.home).all()] == [after.id, before.id]
    assert last["one"].state == "reused"
    assert last["two"].state == "done"
    assert last["two"].seconds >= 0.05
    assert collect.collect(Workspace(rig.home), 0)["runs"] == 1  # that of the future stays


def test_a_working_folder_that_is_gone(rig):
    """Whoever runs a step needs no folder of its own to stand in."""
    run = rig.submit(rig.step("one", WRITE))
    gone = rig.folder / "gone"
    gone.mkdir()

    def stand():
        os.chdir(gone)
        gone.rmdir()
        assert rig.watch(run)["one"].state == "done"

    assert rig.elsewhere(stand).wait() == 0
