"""Runs on disk: names, order, events, status."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concrete_cli import home as homes
from concrete_cli import journal, names, runs
from concrete_cli.backend import Event, Options, State
from concrete_cli.errors import NotFound, UsageError
from concrete_cli.plan import Output, Plan, Step
from concrete_cli.runs import Runs

PLAN = Plan(
    "p",
    (
        Step("a", "a.py", {}, (Output("a", "out"),)),
        Step("b", "b.py", {"x": Output("a", "out")}, optional=True),
    ),
)


@pytest.fixture
def all_runs(tmp_path):
    return Runs(homes.prepare(tmp_path / "home"))


def create(all_runs, **facts):
    return all_runs.create(PLAN, experiment="é = 1\n", options=Options(jobs=3), facts=facts)


def test_a_run_comes_back_as_it_was_made(all_runs):
    run = create(all_runs, backend="local")

    found = all_runs.find(run.id)

    assert found == run
    assert found.plan == PLAN
    assert found.options == Options(jobs=3)
    assert found.record["backend"] == "local"
    assert (found.folder / "experiment.toml").read_text(encoding="utf-8") == "é = 1\n"
    found.note(handle="h")
    assert found.record | {"handle": "h"} == found.record
    assert found.events() == []
    assert not found.driven


def test_a_run_is_meant_by_name_beginning_word_or_latest(all_runs):
    made = [create(all_runs) for _ in range(3)]
    newest = made[-1]
    word = newest.id.split("-")[3]

    assert all_runs.find("latest") == newest
    assert [run.id for run in all_runs.all()] == [run.id for run in reversed(made)]
    assert all_runs.find("latest", lambda run: run == made[0]) == made[0]
    assert all_runs.find(newest.id[:-1]) in made
    assert word in {run.id.split("-")[3] for run in [all_runs.find(word)]}
    with pytest.raises(UsageError, match="may be"):
        all_runs.find(newest.id[:10])
    for wanted in ("nothing", "../runs", f"./{newest.id}", f"{newest.id}/", "."):
        with pytest.raises(NotFound):
            all_runs.find(wanted)


def test_where_nothing_was_run(tmp_path):
    empty = Runs(tmp_path / "nowhere")

    assert empty.all() == []
    assert empty.durations(PLAN) == {}
    with pytest.raises(NotFound):
        empty.find("latest")
    with pytest.raises(NotFound):
        empty.find("2026")


def test_the_order_is_of_making_though_clocks_are_put_back(all_runs, monkeypatch):
    """In autumn an hour comes twice; text of dates with offsets does not sort by time."""
    summer, winter = timezone(timedelta(hours=2)), timezone(timedelta(hours=1))
    first = create(all_runs)
    first.note(created=datetime(2026, 10, 25, 2, 50, tzinfo=summer).isoformat(), number=0)
    second = create(all_runs)
    second.note(created=datetime(2026, 10, 25, 2, 10, tzinfo=winter).isoformat(), number=0)

    assert all_runs.find("latest") == second


def test_words_run_out_and_names_do_not(monkeypatch):
    monkeypatch.setattr(names, "WORDS", ("amber", "otter"))
    now, taken = datetime(2026, 11, 24, tzinfo=UTC), set()
    for _ in range(6):
        name = names.new(now, taken)
        assert name not in taken
        assert name.startswith("2026-11-24-")
        taken.add(name)


def test_names_do_not_follow_the_callers_seed():
    import random

    now = datetime(2026, 11, 24, tzinfo=UTC)
    found = set()
    for _ in range(5):
        random.seed(0)
        found.add(names.new(now, ()))
    assert len(found) > 1


EVENTS = st.builds(
    Event,
    step=st.sampled_from(["a", "b"]),
    state=st.sampled_from(State),
    time=st.integers(0, 2**31).map(float),
    attempt=st.integers(1, 4),
    seconds=st.floats(0, 1e6),
    entry=st.sampled_from(["", "0" * 64]),
    detail=st.text(max_size=20),
    facts=st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=5), max_size=2),
)


@given(st.lists(EVENTS, max_size=10), st.data())
def test_events_come_back_however_they_are_read(tmp_path_factory, events, data):
    path = tmp_path_factory.mktemp("events") / "events.jsonl"
    whole = path.with_name("whole")
    cuts = data.draw(st.lists(st.integers(0, len(events)), max_size=3).map(sorted))
    for begin, end in zip([0, *cuts], [*cuts, len(events)], strict=True):
        journal.append(whole, events[begin:end])
    text = whole.read_bytes() if whole.exists() else b""

    tail, found = journal.Tail(path), []
    while text:
        size = data.draw(st.integers(1, len(text)))
        with path.open("ab") as file:
            file.write(text[:size])
        text = text[size:]
        found += tail.events()

    assert found == events


def test_a_step_set_back_to_waiting_may_do_the_same_again(all_runs):
    run = create(all_runs)
    ended = [Event("a", State.DONE), Event("b", State.SKIPPED)]
    for _ in range(2):
        assert list(run.noted(ended)) == ended  # who looks twice writes once
    assert run.events() == ended

    again = Event("b", State.WAITING)
    run.append([again])
    list(run.noted(ended))

    assert run.events() == [*ended, again, ended[1]]


def test_what_is_added_by_a_newer_version_does_no_harm(all_runs):
    run = create(all_runs)
    run.append([Event("a", State.DONE)])
    with (run.folder / "events.jsonl").open("a") as file:
        file.write(json.dumps({"step": "a", "state": "paused"}) + "\n")

    assert [event.state for event in run.events()] == [State.DONE]


STATUS = [
    ({}, False, False, "interrupted"),
    ({}, True, False, "running"),
    ({}, False, True, "cancelled"),
    ({"a": "running"}, True, True, "running"),
    ({"a": "done"}, False, False, "interrupted"),
    ({"a": "done", "b": "running"}, False, True, "cancelled"),
    ({"a": "done", "b": "done"}, False, False, "done"),
    ({"a": "done", "b": "done"}, False, True, "done"),
    ({"a": "reused", "b": "failed"}, False, False, "done"),
    ({"a": "failed", "b": "skipped"}, False, False, "failed"),
    ({"a": "failed", "b": "waiting"}, False, False, "interrupted"),
]


@pytest.mark.parametrize(("states", "driven", "cancelled", "status"), STATUS)
def test_status_is_a_fold_over_the_last_events(states, driven, cancelled, status):
    last = {name: Event(name, State(state)) for name, state in states.items()}

    assert runs.status(PLAN, last, driven=driven, cancelled=cancelled) == status


def test_durations_are_those_of_the_newest_run_that_has_them(all_runs):
    for seconds in (1.0, 2.0):
        create(all_runs).append([Event("a", State.DONE, seconds=seconds)])
    create(all_runs).append([Event("a", State.REUSED, seconds=9.0), Event("b", State.FAILED)])

    assert all_runs.durations(PLAN) == {"a": 2.0}
    assert all_runs.durations(PLAN, recent=1) == {}


def test_another_workflow_says_nothing_of_a_step_of_the_same_name(all_runs):
    create(all_runs, workflow=PLAN.name).append([Event("a", State.DONE, seconds=1.0)])
    create(all_runs, workflow="another").append([Event("a", State.DONE, seconds=9.0)])

    assert all_runs.durations(PLAN) == {"a": 1.0}
    assert len(all_runs.like(PLAN, 5)) == 1


def test_a_home_is_for_its_user_and_a_good_neighbour(tmp_path):
    home = homes.prepare(tmp_path / "deep" / "home")

    assert homes.prepare(home) == home
    assert {path.name for path in home.iterdir()} == {
        *("README", "CACHEDIR.TAG", ".gitignore", "VERSION"),
        *homes.FOLDERS,
    }
    for path in (home, *(home / name for name in homes.FOLDERS)):
        assert path.stat().st_mode & 0o777 == 0o700
    assert (
        (home / "CACHEDIR.TAG")
        .read_text()
        .startswith("Signature: 8a477f597d28d172789f06886806bc55")
    )


def test_a_home_of_another_version_is_left_alone(tmp_path):
    home = homes.prepare(tmp_path / "home")
    (home / "VERSION").write_text("7\n")

    with pytest.raises(UsageError, match="format 7"):
        homes.prepare(home)


@pytest.mark.parametrize("name", [".gitignore", "README", "notes.txt", "tmp/mine", "runs/mine/x"])
def test_a_folder_of_somebody_else_is_no_home(tmp_path, name):
    theirs = tmp_path / "project" / name
    theirs.parent.mkdir(parents=True)
    theirs.write_text("precious")

    with pytest.raises(UsageError, match="is no home of concrete") as refused:
        homes.prepare(tmp_path / "project")

    assert str(tmp_path / "project" / ".concrete") in refused.value.help
    left = [path for path in (tmp_path / "project").rglob("*") if path.is_file()]
    assert left == [theirs]
    assert theirs.read_text() == "precious"


@pytest.mark.parametrize("left_out", ["VERSION", ".gitignore VERSION", "README .gitignore VERSION"])
def test_a_home_that_was_not_quite_made_is_completed(tmp_path, left_out):
    home = homes.prepare(tmp_path / "home")
    for name in left_out.split():
        (home / name).unlink()
    if "README" in left_out:
        (home / "CACHEDIR.TAG").unlink()

    homes.prepare(home)

    assert all((home / name).is_file() for name in ("README", ".gitignore", "VERSION"))


@pytest.mark.parametrize("where", ["file", "file/below"])
def test_a_home_that_is_a_file_is_refused(tmp_path, where):
    (tmp_path / "file").write_text("x")

    with pytest.raises(UsageError, match="is a file"):
        homes.prepare(tmp_path / where)
    assert (tmp_path / "file").read_text() == "x"


def test_an_advice_does_not_list_hundreds_of_names():
    known = [f"run-{number}" for number in range(200)]
    assert NotFound("run", "zzz", known).help.endswith("run-10, run-11, and 188 more")
    assert NotFound("run", "zzz", known[:2]).help == "there are: run-0, run-1"
