"""What a plan would do is told by what runs of its own workflow have done."""

from dataclasses import replace

from concrete_cli.backend import Options
from concrete_cli.plan import Plan
from concrete_cli.runs import Runs


def finished(rig, workflow, step):
    plan, facts = Plan(workflow, (step,)), {"workflow": workflow, "backend": "local"}
    run = Runs(rig.home).create(plan, experiment="", options=Options(), facts=facts)
    run.note(handle=rig.backend.submit(plan, run.folder, run.options))
    return rig.watch(run)["select"]


def test_a_step_of_another_workflow_is_another_step(rig):
    select = rig.step("select", "(out / 'file').touch()", params={"x": 1})
    took = finished(rig, "ours", select).seconds
    for number in range(21):  # however many of them came later
        finished(rig, "theirs", replace(select, params={"y": number}))

    [same] = rig.backend.forecast(Plan("ours", (select,)), Options())
    [changed] = rig.backend.forecast(Plan("ours", (replace(select, params={"x": 2}),)), Options())

    assert (same.decision, same.seconds) == ("reuse", took)
    assert changed.why == ("params.x: 1 -> 2",)
    assert changed.seconds == 0, "with other parameters it may take as long as it likes"
