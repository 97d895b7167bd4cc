"""What a step gets and what it leaves."""

import json
from pathlib import Path

import pytest

from concrete_cli.backend import State
from concrete_cli.errors import NotFound
from concrete_cli.plan import Output, Plan, Source, Step

STRANGE = {
    "text": "plain",
    "empty": "",
    "spaces": " a  b ",
    "quotes": 'it\'s "quoted" `so` $HOME \\n',
    "lines": "one\ntwo",
    "unicode": "Zement-Güte ≥ 3 🧱",
    "dash": "-x",
    "dashes": "--out",
    "number": 3,
    "negative": -3,
    "real": 0.1,
    "tiny": -1e-300,
    "yes": True,
    "nothing": None,
    "list": ["a b", 1, {"k": [None]}],
    "table": {"é": "ü", "n": -1.5},
}


def test_outputs_go_from_step_to_step(place, chain, source):
    outcome = place.run(chain(source))

    assert outcome.states == dict.fromkeys(("first", "second", "third"), "done")
    assert place.read(outcome, "third.out", "text.txt") == "thirdsecondfirst<source>"
    assert place.read(outcome, "first.out", "text.txt") == "first<source>"


def test_a_step_starts_only_when_its_inputs_are_there(place, chain, source):
    events = place.run(chain(source)).events

    order = [(event.step, event.state) for event in events]
    for before, after in (("first", "second"), ("second", "third")):
        assert order.index((before, State.DONE)) < order.index((after, State.RUNNING))
    assert [event.time for event in events] == sorted(event.time for event in events)


def test_each_step_ends_once(place, chain, source):
    ends = [event.step for event in place.run(chain(source)).events if event.state.ended]

    assert sorted(ends) == ["first", "second", "third"]


def test_parameters_arrive_as_they_were_given(place, scripts):
    step = Step("tell", str(scripts / "tell.py"), {}, (Output("tell", "out"),), STRANGE)

    outcome = place.run(Plan("tell", (step,)))

    words = json.loads(place.read(outcome, "tell.out", "facts.json"))["argv"]
    given = {}
    while words:
        word = words.pop(0)
        name, separator, value = word.removeprefix("--").partition("=")
        given[name] = value if separator else words.pop(0)
    for name, value in STRANGE.items():
        text = given[name]
        assert (text if isinstance(value, str) else json.loads(text)) == value, name


def test_several_inputs_under_one_flag_keep_their_order(place, say):
    steps = [say(f"part_{n}") for n in range(5)]
    order = [3, 0, 4, 1, 2]
    last = say("last", data=[Output(f"part_{n}", "out") for n in order])

    outcome = place.run(Plan("many", (*steps, last)))

    said = place.read(outcome, "last.out", "text.txt")
    assert said == "last" + "".join(f"part_{n}" for n in order)


def test_a_source_may_be_a_folder(place, say, tmp_path):
    folder = tmp_path / "a source, it's a folder\n"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("A")
    (folder / "deep" / "b.txt").write_text("B")

    outcome = place.run(Plan("folder", (say("read", data=[Source(str(folder))]),)))

    assert place.read(outcome, "read.out", "text.txt") == "readAB"


def test_a_step_without_outputs_succeeds(place, scripts):
    step = Step("quiet", str(scripts / "say.py"), params={"text": "x"})

    assert place.run(Plan("quiet", (step,))).states == {"quiet": "done"}


@pytest.fixture
def told(place, scripts):
    """What three steps of the same script see of themselves; the last one has two processors."""
    steps = [
        Step(name, str(scripts / "tell.py"), {}, (Output(name, "out"),), {"nr": name}, cpus=cpus)
        for name, cpus in (("one", 1), ("two", 1), ("wide", 2))
    ]
    outcome = place.run(Plan("tell", tuple(steps)), jobs=1)
    return [json.loads(place.read(outcome, f"{step.name}.out", "facts.json")) for step in steps]


def test_a_step_is_a_process_of_its_own_with_an_empty_output_and_nothing_to_read(told):
    for facts in told:
        assert facts["name"] == "__main__"
        assert facts["main"] is True
        assert facts["script"] == "tell.py"
        assert facts["sibling"] == "sibling"
        assert (facts["out"], facts["stdin"], facts["leaked"]) == ([], "", None)
        assert "scribble" not in facts["cwd"]
    assert len({facts["random"] for facts in told}) == 3


def test_a_step_works_in_an_empty_folder(told):
    assert [facts["cwd"] for facts in told] == [[], [], []]


def test_a_step_uses_the_processors_that_it_asked_for(told):
    assert [facts["threads"] for facts in told] == ["1", "1", "2"]


def test_an_input_stays_as_it_was(place, say, scripts):
    script = scripts / "write.py"
    script.write_text(
        "import argparse, pathlib\n"
        "p = argparse.ArgumentParser()\n"
        "for name in ('--data', '--out'): p.add_argument(name, type=pathlib.Path)\n"
        "a = p.parse_args()\n"
        "for attempt in (lambda: (a.data / 'text.txt').write_text('spoiled'),\n"
        "                lambda: (a.data / 'new.txt').write_text('spoiled')):\n"
        "    try: attempt()\n"
        "    except OSError as error: print(error)\n"
        "(a.out / 'done').write_text('')\n"
    )
    write = Step("write", str(script), {"data": Output("first", "out")}, (Output("write", "out"),))
    read = say("read", data=[Output("first", "out")])
    wait = Step(
        "wait",
        str(scripts / "say.py"),
        {"data": Output("write", "out"), "more": Output("first", "out")},
        (Output("wait", "out"),),
        {"text": "wait"},
    )

    place.run(Plan("spoil", (say("first"), write, wait)))
    after = place.run(Plan("read", (say("first"), read)))

    assert place.read(after, "read.out", "text.txt") == "readfirst"


def test_fetch_copies_into_an_empty_folder_and_knows_what_is_not_there(place, say, tmp_path):
    outcome = place.run(Plan("one", (say("one"),)))
    (tmp_path / "empty").mkdir()

    place.backend.fetch(outcome.handle, Output("one", "out"), tmp_path / "empty")

    assert (tmp_path / "empty" / "text.txt").read_text() == "one"
    (tmp_path / "empty" / "text.txt").write_text("the copy is the user's own")
    assert place.read(outcome, "one.out", "text.txt") == "one"
    for output in (Output("one", "other"), Output("other", "out")):
        with pytest.raises(NotFound):
            place.backend.fetch(outcome.handle, output, tmp_path / "other")
        assert not (tmp_path / "other").exists()


def test_paths_may_look_strange(place, say, scripts, tmp_path):
    folder = tmp_path / '-it\'s a "Prüfung"\n$HOME `x` *'
    folder.mkdir()
    source = folder / "-source; rm -rf.txt"
    source.write_text("strange")
    script = Path(scripts.rename(folder / "-scripts")) / "say.py"
    step = Step(
        "read",
        str(script),
        {"data": Source(str(source))},
        (Output("read", "out"),),
        {"text": "it is "},
    )

    outcome = place.run(Plan("strange", (step,)))

    assert place.read(outcome, "read.out", "text.txt") == "it is strange"
