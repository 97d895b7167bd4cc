"""Sources that are outputs of other runs."""

import os

import pytest

from concrete_cli.commands import collect
from concrete_cli.errors import NotFound
from concrete_cli.plan import Source, Step
from concrete_cli.workspace import Workspace

SAY = "(out / 'text.txt').write_text({text!r})"
READ = "(out / 'text.txt').write_text('read ' + (data / 'text.txt').read_text())"


def reader(rig, uri, name="read"):
    step = rig.step(name, READ)
    return Step(name, step.script, {"data": Source(uri)}, step.outputs)


def test_of_a_named_run(rig):
    old = rig.submit(rig.step("say", SAY.format(text="old")))
    rig.watch(old)
    rig.run(rig.step("say", SAY.format(text="new")))

    last = rig.run(reader(rig, f"run:{old.id}/say.out"))

    assert rig.text(last["read"]) == "read old"


def test_latest_is_the_newest_in_which_that_step_is_done(rig):
    rig.run(rig.step("say", SAY.format(text="good")))
    rig.run(rig.step("say", "sys.exit(1)"))
    rig.run(rig.step("other", SAY.format(text="other")))

    assert rig.text(rig.run(reader(rig, "run:latest/say.out"))["read"]) == "read good"


def test_latest_is_never_a_run_that_reads_it_itself(rig):
    """A run that reads the latest `say` and then makes one of its own."""
    rig.run(rig.step("say", SAY.format(text="first")))
    read = reader(rig, "run:latest/say.out")
    again = Step(
        "say",
        rig.step("say2", READ).script,
        {"data": read.outputs[0]},
        (type(read.outputs[0])("say", "out"),),
    )
    after = reader(rig, "run:latest/say.out", "after")
    after = Step("after", after.script, dict(after.inputs), after.outputs, after=("say",))
    run = rig.submit(read, again, after)

    for _ in range(2):
        last = rig.watch(run)
        assert {event.state.value for event in last.values()} == {"done"}
        assert rig.text(last["after"]) == "read first"


def test_what_is_not_there_is_named(rig):
    run = rig.submit(rig.step("say", SAY.format(text="x")))
    rig.watch(run)
    for uri in ("run:latest/nothing.out", "run:2001/say.out", f"run:{run.id}/nothing.out"):
        with pytest.raises(NotFound):
            rig.run(reader(rig, uri))


@pytest.mark.parametrize("lost", ["", "step.json", "outputs/out/text.txt"])
def test_what_was_removed_or_emptied_is_named_and_can_be_made_again(rig, lost):
    run = rig.submit(rig.step("say", SAY.format(text="x")))
    entry = rig.entry(rig.watch(run)["say"])
    if lost:
        (entry.path / lost).chmod(0o600)
        (entry.path / lost).write_bytes(b"")
    else:
        rig.cache.forget(entry)

    with pytest.raises(NotFound) as error:
        rig.run(reader(rig, f"run:{run.id}/say.out"))

    told = error.value.help
    assert (lost or "it was removed") in told
    assert f"concrete resume {run.id} --home" in told
    rig.watch(run)
    assert rig.text(rig.run(reader(rig, f"run:{run.id}/say.out"))["read"]) == "read x"
    removed = collect.collect(Workspace(rig.home), 1e6)
    assert [removed[what] for what in ("runs", "entries", "bytes")] == [0, 0, 0]


def test_a_pipe_is_no_source(rig):
    os.mkfifo(rig.folder / "pipe")

    with pytest.raises(NotFound, match="pipe"):
        rig.run(rig.step("read", READ, source=rig.folder / "pipe"))
