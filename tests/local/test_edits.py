"""Code and data that change while somebody uses them: nothing is kept under a wrong name."""

import os
import signal

import pytest
from concrete_cli.backends.local import fresh, verdict

from concrete_cli.plan import Source

SAYS = """
import {sibling}
(out / "text.txt").write_text({sibling}.WORD + (data.read_text() if data else ""))
with open("{folder}/tries", "a") as file: file.write("x")
"""


@pytest.fixture(params=[False, True], ids=["warm", "cold"])
def cold(request):
    return request.param


@pytest.fixture
def tries(rig):
    path = rig.folder / "tries"
    return lambda: len(path.read_text()) if path.exists() else 0


def test_of_a_source_while_a_step_runs(rig, tries, cold):
    source = rig.folder / "source.txt"
    source.write_text("old")
    body = f"""
text = data.read_text()
(out / "text.txt").write_text(text)
open("{rig.folder}/tries", "a").write("x")
if text == "old": data.write_text("new")
"""
    step = rig.step("one", body, source=source)

    event = rig.run(step, cold=cold)["one"]

    assert (event.state, event.attempt, rig.text(event)) == ("done", 2, "new")
    assert tries() == 2
    assert rig.run(step)["one"].state == "reused"
    source.write_text("old")
    rig.step("one", body.replace('if text == "old": data', "0 and data"), source=source)
    assert rig.text(rig.run(step)["one"]) == "old"


def test_of_a_source_folder_while_a_step_runs(rig):
    folder = rig.folder / "source"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    step = rig.step(
        "one",
        "(out / 'text.txt').write_text(str(sorted(p.name for p in data.iterdir())))\n"
        "(data / 'b.txt').write_text('b')",
        source=folder,
    )

    assert rig.text(rig.run(step)["one"]) == "['a.txt', 'b.txt']"


def test_of_the_script_and_of_a_module_while_a_step_runs(rig, cold):
    (rig.folder / "sibling.py").write_text("WORD = 'old'")
    step = rig.step(
        "one",
        """
        import sibling
        (out / "text.txt").write_text(sibling.WORD + "-script")
        if sibling.WORD == "old":
            Path(sibling.__file__).write_text("WORD = 'new'")
        elif "-script" in Path(__file__).read_text().partition("if")[0]:
            Path(__file__).write_text(Path(__file__).read_text().replace("-script", "-edited"))
        """,
    )

    event = rig.run(step, cold=cold)["one"]

    assert (event.state, event.attempt) == ("done", 3)
    assert rig.text(event) == "new-edited"
    assert len(list(rig.cache.entries())) == 1


def test_of_a_script_that_fails_half_saved(rig):
    step = rig.step(
        "one",
        """
        Path(__file__).write_text(Path(__file__).read_text().replace("1 / " + "0", "'mended'"))
        (out / "text.txt").write_text(str(1 / 0))
        """,
    )

    event = rig.run(step)["one"]

    assert (event.state, rig.text(event)) == ("done", "mended")


def test_again_and_again_fails_and_leaves_nothing_in_the_cache(rig, tries):
    source = rig.folder / "source.txt"
    source.write_text("0")
    step = rig.step(
        "one",
        f"""
        (out / "text.txt").write_text(data.read_text())
        open("{rig.folder}/tries", "a").write("x")
        data.write_text(str(int(data.read_text()) + 1))
        """,
        source=source,
    )

    event = rig.run(step)["one"]

    assert event.state == "failed"
    assert "edited while it ran" in event.detail
    assert tries() == verdict.EDITS + 1
    assert not list(rig.cache.entries())


@pytest.mark.parametrize("what", ["script", "source"])
def test_what_is_removed_while_a_step_runs_fails_it_alone(rig, what):
    source = rig.folder / "source.txt"
    source.write_text("x")
    gone = {"script": "Path(__file__)", "source": "data"}[what]
    step = rig.step("one", f"(out / 'text.txt').write_text('x')\n{gone}.unlink()", source=source)
    other = rig.step("other", "time.sleep(0.3)\n(out / 'text.txt').write_text('x')")

    last = rig.run(step, other)

    assert last["one"].state == "failed"
    assert "lost its code or source" in last["one"].detail
    assert last["other"].state == "done"


def test_twice_within_a_second_runs_the_second_text(rig, cold):
    """Bytecode is taken for fresh when size and second are equal; steps must not see it."""
    sibling = rig.folder / "sibling.py"
    step = rig.step("one", SAYS.format(sibling="sibling", folder=rig.folder))
    package = rig.folder / "package"
    package.mkdir()
    (package / "__init__.py").write_text("from package.inner import WORD")
    other = rig.step("two", SAYS.format(sibling="package", folder=rig.folder))
    for text in ("aaa", "bbb"):
        for path in (sibling, package / "inner.py"):
            path.write_text(f"WORD = {text!r}")
            os.utime(path, (1_700_000_000, 1_700_000_000))
        for one in (step, other):
            event = rig.run(one, cold=cold)[one.name]
            assert (event.state, rig.text(event)) == ("done", text)
    assert not list(rig.folder.rglob("__pycache__")), "a step writes nothing but its outputs"


def test_what_was_compiled_ahead_counts_only_for_the_same_text(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("WORD = 'aaa'")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    loader = fresh.FromText("module", str(path))
    fresh.compile_ahead([str(path), str(tmp_path / "missing.py")])

    assert loader.get_code("module") is loader.get_code("module")
    path.write_text("WORD = 'bbb'")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    found = {}
    exec(loader.get_code("module"), found)
    assert found["WORD"] == "bbb"


def test_what_the_compiler_has_to_say_stands_in_the_log(rig, cold):
    body = "(out / 'text.txt').write_text(str(len(sys.argv) is 1))"

    event = rig.run(rig.step("one", body), cold=cold)["one"]

    assert event.state == "done"
    assert 'SyntaxWarning: "is" with' in rig.log(event)


def test_old_bytecode_is_not_used(rig, cold):
    import compileall

    sibling = rig.folder / "sibling.py"
    sibling.write_text("WORD = 'aaa'")
    os.utime(sibling, (1_700_000_000, 1_700_000_000))
    compileall.compile_file(sibling, quiet=1)
    sibling.write_text("WORD = 'bbb'")
    os.utime(sibling, (1_700_000_000, 1_700_000_000))

    event = rig.run(rig.step("one", SAYS.format(sibling="sibling", folder=rig.folder)), cold=cold)

    assert rig.text(event["one"]) == "bbb"


def test_to_the_same_size_and_date_are_noticed(rig):
    source = rig.folder / "source.txt"
    step = rig.step("one", "(out / 'text.txt').write_text(data.read_text())", source=source)
    for text in ("one", "two", "six"):
        source.write_text(text)
        os.utime(source, (1_700_000_000, 1_700_000_000))
        assert rig.text(rig.run(step)["one"]) == text


def test_an_input_that_is_written_to_poisons_nothing(rig, cold):
    """As root, or with a little effort, a step can write to its inputs; it does not get away."""
    first = rig.step("first", "(out / 'text.txt').write_text('good')")
    writer = rig.step(
        "writer",
        """
        (data / "text.txt").chmod(0o600)
        (data / "text.txt").write_text("evil")
        (out / "text.txt").write_text("written")
        """,
        data="first.out",
    )
    reader = rig.step(
        "reader",
        """
        while "evil" not in (data / "text.txt").read_text():
            time.sleep(0.01)
        (out / "text.txt").write_text((data / "text.txt").read_text())
        """,
        data="first.out",
    )
    run = rig.submit(first, writer, reader, cold=cold)

    last = rig.watch(run)

    assert (last["writer"].state, last["reader"].state) == ("failed", "failed")
    assert (
        "found its input changed while it ran: data: outputs/out/text.txt" in last["writer"].detail
    )
    rig.step("reader", "(out / 'text.txt').write_text((data / 'text.txt').read_text())")
    rig.step("writer", "(out / 'text.txt').write_text('written')")
    again = rig.watch(run)
    assert {event.state.value for event in again.values()} == {"done"}
    assert rig.text(again["reader"]) == "good"


def test_inputs_are_read_only(rig):
    """Files are; folders stay writable, so that people can delete .concrete."""
    if not os.geteuid():
        body = "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        rig.folder.chmod(0o711)
    else:
        body = ""
    first = rig.step("first", "(out / 'text.txt').write_text('good')")
    modes = rig.step(
        "modes",
        "(out / 'text.txt').write_text(oct((data / 'text.txt').stat().st_mode & 0o777))\n" + body,
        data="first.out",
    )

    last = rig.run(first, modes)

    assert rig.text(last["modes"]) == "0o400"
    assert [
        p.stat().st_mode & 0o777 for p in (rig.home, rig.home / "runs", rig.home / "cache")
    ] == [0o700] * 3


def test_a_step_that_is_stopped_while_its_source_is_edited_is_late_all_the_same(rig):
    source = rig.folder / "source.txt"
    source.write_text("old")
    step = rig.step(
        "one",
        """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        data.write_text("new")
        while True: pass
        """,
        source=source,
        timeout=0.5,
    )

    event = rig.run(step)["one"]

    assert event.detail == "ran longer than 0.5 s"
    assert signal.SIGTERM


def test_two_sources_with_one_content_share_an_entry(rig):
    paths = [rig.folder / name for name in ("a.txt", "b.txt")]
    steps = []
    for path in paths:
        path.write_text("same")
        step = rig.step("one", "(out / 'text.txt').write_text(data.read_text())", source=path)
        assert step.inputs["data"] == Source(str(path))
        steps.append(step)

    assert rig.run(steps[0])["one"].state == "done"
    assert rig.run(steps[1])["one"].state == "reused"
