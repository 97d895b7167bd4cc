"""What is known already is not computed again."""

from dataclasses import replace

from concrete_cli.plan import Output, Plan, Source, Step


def test_nothing_changed_means_nothing_runs(place, chain, source, ran):
    first = place.run(chain(source))
    assert ran() == {"first", "second", "third"}

    second = place.run(chain(source))

    assert second.states == dict.fromkeys(("first", "second", "third"), "reused")
    assert ran() == set()
    same = [place.read(one, "third.out", "text.txt") for one in (first, second)]
    assert same[0] == same[1]


def test_a_changed_source_runs_all_that_depends_on_it(place, say, chain, source, ran):
    place.run(chain(source))
    ran()

    source.write_text("<changed>")
    outcome = place.run(chain(source))

    assert ran() == {"first", "second", "third"}
    assert place.read(outcome, "third.out", "text.txt") == "thirdsecondfirst<changed>"


def test_a_source_that_changed_only_its_date_changes_nothing(place, chain, source, ran):
    place.run(chain(source))
    ran()

    source.touch()

    assert set(place.run(chain(source)).states.values()) == {"reused"}
    assert ran() == set()


def test_a_changed_parameter_runs_the_step_and_what_follows(place, say, ran):
    plans = [
        Plan(
            "p", (say("a"), say("b", text), say("c", data=[Output("a", "out"), Output("b", "out")]))
        )
        for text in ("b", "changed")
    ]
    place.run(plans[0])
    ran()

    outcome = place.run(plans[1])

    assert outcome.states == {"a": "reused", "b": "done", "c": "done"}
    assert ran() == {"changed", "c"}


def test_a_changed_script_that_comes_to_the_same_runs_alone(place, chain, source, scripts, ran):
    first, *others = chain(source).steps
    script = scripts / "say_other.py"
    script.write_text((scripts / "say.py").read_text())
    plan = Plan("cut", (replace(first, script=str(script)), *others))
    place.run(plan)
    ran()

    script.write_text(script.read_text() + "\n# a remark\n")
    outcome = place.run(plan)

    assert outcome.states == {"first": "done", "second": "reused", "third": "reused"}
    assert ran() == {"first"}


def test_a_changed_sibling_runs_the_step(place, scripts):
    plan = Plan("t", (Step("tell", str(scripts / "tell.py"), {}, (Output("tell", "out"),)),))
    place.run(plan)
    assert place.run(plan).states == {"tell": "reused"}

    (scripts / "_sibling.py").write_text('WORD = "another"\n')
    outcome = place.run(plan)

    assert outcome.states == {"tell": "done"}
    assert '"sibling": "another"' in place.read(outcome, "tell.out", "facts.json")


def test_force_runs_a_step_anew_and_what_follows_only_if_it_changed(place, chain, source, ran):
    place.run(chain(source))
    ran()

    outcome = place.run(chain(source), force=("second",))

    assert outcome.states == {"first": "reused", "second": "done", "third": "reused"}
    assert ran() == {"second"}


def test_without_reuse_all_steps_run(place, chain, source, ran):
    place.run(chain(source))
    ran()

    assert set(place.run(chain(source), reuse=False).states.values()) == {"done"}
    assert ran() == {"first", "second", "third"}
    assert set(place.run(chain(source)).states.values()) == {"reused"}


def test_a_step_may_refuse_to_be_reused(place, say, ran):
    plan = Plan("fresh", (say("old"), say("fresh", reuse=False)))
    place.run(plan)
    ran()

    assert place.run(plan).states == {"old": "reused", "fresh": "done"}
    assert ran() == {"fresh"}


def test_a_failed_step_is_not_reused(place, fail, tmp_path):
    mended = tmp_path / "mended"
    plan = Plan("f", (fail(params={"until": mended}),))
    assert place.run(plan).states == {"fail": "failed"}

    mended.touch()

    assert place.run(plan).states == {"fail": "done"}


def test_the_same_content_under_another_name_is_known(place, say, source, tmp_path, ran):
    other = tmp_path / "renamed.txt"
    place.run(Plan("one", (say("read", data=[Source(str(source))]),)))
    ran()

    other.write_bytes(source.read_bytes())

    assert place.run(Plan("two", (say("read", data=[Source(str(other))]),))).states == {
        "read": "reused"
    }
    assert ran() == set()
