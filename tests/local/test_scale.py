"""What a command does for a run of many steps grows with the steps, not with their square."""

import pytest
from concrete_cli.backends.local import LocalBackend

from concrete_cli import journal, results
from concrete_cli.backend import Options
from concrete_cli.plan import Output, Plan, Source, Step
from concrete_cli.runs import Run

STEPS = 20


@pytest.fixture
def parsed(monkeypatch):
    """Count the events that are read from a journal."""
    seen = []
    made = journal.Event

    def counted(**fields):
        seen.append(fields["step"])
        return made(**fields)

    monkeypatch.setattr(journal, "Event", counted)
    return seen


def test_a_result_reads_the_journal_once(rig, parsed):
    steps = [rig.step(f"s{n}", "(out / 'text.txt').touch()") for n in range(STEPS)]
    run = rig.submit(*steps)
    rig.watch(run)
    lines = (run.folder / "events.jsonl").read_text().count("\n")
    parsed.clear()

    fresh, backend = Run(run.folder), LocalBackend(rig.home, {})
    found = results.outputs(fresh, backend, fresh.plan, fresh.last_events())

    assert len(found) == STEPS
    assert None not in found.values()
    assert len(parsed) <= 2 * lines, "once for the command and once for the backend"


MANY = 70


def test_a_run_of_many_steps_prints_a_screen_and_show_prints_them_all(concrete, tmp_path):
    (tmp_path / "one.py").write_text(
        "import sys\nopen(sys.argv[sys.argv.index('--out') + 1] + '/f', 'w').close()\n"
    )
    table = '[pipeline.steps.s{0}]\nscript = "one.py"\noutputs = ["out"]\nparams = {{ x = {0} }}\n'
    tables = "".join(table.format(number) for number in range(MANY))
    (tmp_path / "concrete.toml").write_text(f'[experiment]\nname = "many"\n{tables}')

    done = concrete("run")
    again = concrete("run", "-q")
    shown = concrete("show")

    assert len(done.stderr.splitlines()) < 60
    assert f"and {MANY - 50} more: {MANY - 50} done" in done.stderr
    assert len(done.stdout.splitlines()) < 30
    assert f"and {MANY - 10} more outputs: concrete show " in done.stdout
    assert (again.stdout, again.stderr) == ("", "")
    for number in range(MANY):
        assert f" s{number} " in shown.stdout
        assert f"s{number}.out" in shown.stdout


def test_what_many_steps_read_of_a_run_is_looked_up_once(rig, parsed):
    made = rig.submit(*(rig.step(f"s{n}", "(out / 'text.txt').touch()") for n in range(STEPS)))
    rig.watch(made)
    lines = (made.folder / "events.jsonl").read_text().count("\n")
    script = rig.step("read", "(out / 'text.txt').touch()").script
    readers = [
        Step(
            f"r{n}", script, {"data": Source(f"run:{made.id}/s{n}.out")}, (Output(f"r{n}", "out"),)
        )
        for n in range(STEPS)
    ]
    plan = Plan("toy", tuple(readers))
    parsed.clear()

    assert {one.decision for one in rig.backend.forecast(plan, Options())} == {"run"}

    assert len(parsed) <= 4 * lines


def test_what_is_appended_is_read_and_nothing_else(rig, parsed):
    run = rig.submit(rig.step("one", "(out / 'text.txt').touch()"))
    rig.watch(run)
    before = dict(run.last_events())
    parsed.clear()

    run.append([event := before["one"].__class__("one", journal.State.FAILED, detail="later")])

    assert run.last_event("one") == event
    assert before["one"].state == "done", "what was handed out stays as it was"
    assert run.last_events() == {"one": event}
    assert len(parsed) == 1
