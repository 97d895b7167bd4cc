"""Steps that run though their entry is there: what they come to now counts."""

import pytest

NOW = "(out / 'text.txt').write_text(str(time.time_ns()))"
COPY = "(out / 'text.txt').write_text((data / 'text.txt').read_text())"


@pytest.mark.parametrize("why", ["reuse = false", "--force", "--no-reuse"])
def test_what_a_step_that_is_run_anew_leaves_is_handed_on(rig, why):
    now = rig.step("now", NOW, reuse=why != "reuse = false")
    copy = rig.step("copy", COPY, data="now.out")
    options = {"--force": {"force": ("now",)}, "--no-reuse": {"reuse": False}}.get(why, {})

    first = rig.text(rig.run(now, copy)["copy"])
    second = rig.run(now, copy, **options)

    assert [event.state.value for event in second.values()] == ["done", "done"]
    assert int(rig.text(second["copy"])) > int(first)
    assert rig.text(second["copy"]) == rig.text(second["now"])
