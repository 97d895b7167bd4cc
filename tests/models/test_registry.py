"""The registry: numbers without gaps, aliases that move whole, files that are checked."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from concrete_cli.errors import Damaged, NotFound, UsageError
from concrete_cli.registry.models import parse

BAD = ["../x", "a/b", "a\0b", "x" * 300, "", ".", "..", "-a", "a b", "a\n", "ä", "a:b:c", "~"]


@pytest.fixture
def bundle(tmp_path):
    """Make a folder of files, as the register step leaves one."""

    def make(text="1", name="bundle") -> Path:
        folder = tmp_path / f"{name}-{text}"
        folder.mkdir()
        (folder / "model.skops").write_text(text)
        (folder / "manifest.json").write_text("{}")
        return folder

    return make


def in_another_process(models, code, failpoint=""):
    """Run code on the same home; return the exit code."""
    text = f"""
import sys
from pathlib import Path
from concrete_cli.registry.models import Models
models = Models(Path({str(models.home)!r}))
{code}
"""
    env = {**os.environ, "CONCRETE_FAILPOINT": failpoint}
    return subprocess.run([sys.executable, "-c", text], env=env, check=False).returncode


def test_versions_count_from_one_and_the_newest_is_found(models, bundle):
    first = models.publish("concrete", bundle("1"), {"run": "a"})
    second = models.publish("concrete", bundle("2"))

    assert (first.ref, second.ref) == ("concrete:1", "concrete:2")
    assert models.find("concrete").number == 2
    assert models.find("concrete@latest").number == 2
    assert models.find("concrete:1").record["run"] == "a"
    assert [version.number for version in models.all()] == [2, 1]


def test_the_same_content_is_the_same_version_whatever_is_said_of_it(models, bundle):
    first = models.publish("concrete", bundle("1"), {"run": "a"}, {"lineage.json": "{}"})
    models.publish("concrete", bundle("2"))
    again = models.publish("concrete", bundle("1", "other"), {"run": "b"}, {"lineage.json": "[]"})

    assert again == first
    assert again.record["run"] == "a"
    assert models.publish("other", bundle("1", "third")).number == 1


def test_content_whose_version_was_damaged_becomes_a_new_one(models, bundle):
    first = models.publish("concrete", bundle("1"))
    (first.path / "model.skops").unlink()

    assert models.publish("concrete", bundle("1", "again")).number == 2
    assert models.load("concrete").number == 2


def test_a_number_is_never_given_again(models, bundle):
    models.publish("concrete", bundle("1"))
    second = models.publish("concrete", bundle("2"))
    models.delete(second)

    assert [version.number for version in models.all()] == [1]
    with pytest.raises(NotFound, match="concrete:2"):
        models.find("concrete:2")
    assert models.publish("concrete", bundle("2", "again")).number == 3


def test_an_alias_moves_and_goes(models, bundle):
    for text in "12":
        models.publish("concrete", bundle(text))

    models.tag("concrete", 1, "production")
    assert models.find("concrete@production").number == 1
    models.tag("concrete", 2, "production")
    assert models.find("concrete@production").number == 2
    with pytest.raises(UsageError, match="is concrete@production"):
        models.delete(models.find("concrete:2"))
    models.untag("concrete", "production")
    with pytest.raises(NotFound, match="concrete@production"):
        models.find("concrete@production")
    with pytest.raises(NotFound):
        models.untag("concrete", "production")
    with pytest.raises(NotFound):
        models.tag("concrete", 9, "production")
    with pytest.raises(UsageError, match="latest"):
        models.tag("concrete", 1, "latest")


@pytest.mark.parametrize("name", BAD)
def test_bad_names_are_refused_everywhere(models, bundle, name):
    folder = bundle("1")
    models.publish("concrete", folder)
    actions = (
        lambda: models.publish(name, folder),
        lambda: models.find(name),
        lambda: models.tag("concrete", 1, name),
        lambda: models.aliases(name),
    )
    for action in actions:
        with pytest.raises(UsageError):
            action()
    assert sorted(path.name for path in models.folder.iterdir()) == ["concrete"]


def test_references(models):
    assert parse("a") == ("a", 0, "")
    assert parse("a:12") == ("a", 12, "")
    assert parse("a@b") == ("a", 0, "b")
    for wrong in (
        "a:0",
        "a:",
        "a@",
        "a:-1",
        "a:1@b",
        "a@b:1",
        "a:1.0",
        "a:\N{FULLWIDTH DIGIT ONE}",
    ):
        with pytest.raises(UsageError):
            parse(wrong)


def test_what_is_not_there_names_what_is(models, bundle):
    with pytest.raises(NotFound) as error:
        models.find("concrete")
    assert "concrete finetune" in error.value.help
    models.publish("concrete", bundle("1"))
    with pytest.raises(NotFound) as error:
        models.find("conrete")
    assert "'concrete'" in error.value.help


@pytest.mark.parametrize("harm", ["changed", "missing", "added", "link", "record"])
def test_files_that_are_not_as_they_were_registered_are_not_handed_out(models, bundle, harm):
    version = models.publish("concrete", bundle("1"))
    assert models.load("concrete") == version
    file = version.path / "model.skops"
    if harm == "changed":
        file.chmod(0o600)
        file.write_text("2")
    elif harm == "missing":
        file.unlink()
    elif harm == "added":
        (version.path / "more").write_text("")
    elif harm == "link":
        file.unlink()
        file.symlink_to(version.path / "manifest.json")
    else:
        (version.path / "version.json").chmod(0o600)
        (version.path / "version.json").write_text("{")

    with pytest.raises(Damaged, match=r"concrete:1 is damaged: "):
        models.load("concrete")


def test_eight_processes_register_twenty_each_without_a_gap(models):
    code = """
import os, tempfile
os.fsync = lambda handle: None  # what survives a power cut is not what is tried here
for number in range(20):
    folder = Path(tempfile.mkdtemp(dir=models.home / "tmp"))
    (folder / "model.skops").write_text(f"{os.getpid()} {number}")
    models.publish("race", folder)
    models.tag("race", models.find("race").number, "newest")
"""
    text = f"""
from pathlib import Path
from concrete_cli.registry.models import Models
models = Models(Path({str(models.home)!r}))
{code}
"""
    processes = [subprocess.Popen([sys.executable, "-c", text]) for _ in range(8)]

    assert [process.wait() for process in processes] == [0] * 8
    assert [version.number for version in models.all("race")] == list(range(160, 0, -1))
    assert 1 <= models.aliases("race")["newest"] <= 160
    assert all(not version.damage() for version in models.all("race")[:5])


@pytest.mark.parametrize("failpoint", ["write:version.json", "model:rename", "model:renamed"])
def test_a_process_killed_while_it_registers_leaves_all_or_nothing(models, bundle, failpoint):
    models.publish("concrete", bundle("1"))
    second = bundle("2")
    code = f"models.publish('concrete', Path({str(second)!r}))"

    assert in_another_process(models, code, failpoint) == -signal.SIGKILL

    there = failpoint == "model:renamed"
    assert [version.number for version in models.all()] == ([2, 1] if there else [1])
    assert in_another_process(models, code) == 0  # nothing stays locked
    assert [version.number for version in models.all()] == [2, 1]
    assert models.load("concrete:2").damage() == ""


@pytest.mark.parametrize("failpoint", ["write:aliases.json", "written:aliases.json"])
def test_a_process_killed_while_an_alias_moves_leaves_the_old_or_the_new(models, bundle, failpoint):
    for text in "12":
        models.publish("concrete", bundle(text))
    models.tag("concrete", 1, "production")
    code = "models.tag('concrete', 2, 'production')"

    assert in_another_process(models, code, failpoint) == -signal.SIGKILL

    moved = failpoint == "written:aliases.json"
    assert models.aliases("concrete") == {"production": 2 if moved else 1}
    assert in_another_process(models, code) == 0
    assert models.find("concrete@production").number == 2


def test_a_process_killed_while_it_deletes_leaves_no_version_without_a_number(models, bundle):
    for text in "12":
        models.publish("concrete", bundle(text))
    code = "models.delete(models.find('concrete:2'))"

    assert in_another_process(models, code, "model:removed") == -signal.SIGKILL

    assert [version.number for version in models.all()] == [1]
    assert models.publish("concrete", bundle("3")).number == 3


def test_readers_see_an_alias_at_every_moment_while_it_moves(models, bundle):
    for text in "12":
        models.publish("concrete", bundle(text))
    models.tag("concrete", 1, "production")
    text = f"""
from pathlib import Path
from concrete_cli.registry.models import Models
models = Models(Path({str(models.home)!r}))
for number in range(60):
    models.tag("concrete", 1 + number % 2, "production")
"""
    with subprocess.Popen([sys.executable, "-c", text]) as writer:
        seen = set()
        while writer.poll() is None:
            seen.add(models.find("concrete@production").number)

    assert writer.returncode == 0
    assert seen == {1, 2}
