"""Writing and removing."""

import errno
import json
import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concrete_cli import disk


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    disk.write(path, "old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))

    with pytest.raises(OSError, match="full"):
        disk.write(path, "new")

    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


@given(st.recursive(st.text() | st.integers() | st.none(), st.lists, max_leaves=5))
def test_json_comes_back(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("json") / "x.json"
    disk.write_json(path, {"value": value})

    assert disk.read_json(path) == {"value": value}


def test_json_is_readable_and_takes_names_that_are_no_unicode(tmp_path):
    path = tmp_path / "x.json"
    disk.write_json(path, {"é": "≥"})
    assert "≥" in path.read_text(encoding="utf-8")

    disk.write_json(path, {"é": "\udcff"})

    assert json.loads(path.read_bytes()) == disk.read_json(path) == {"é": "\udcff"}


def test_lines_end_what_was_cut_short(tmp_path):
    path = tmp_path / "lines"
    disk.append_lines(path, ["one", "two"])
    path.write_bytes(path.read_bytes() + b"thr")
    disk.append_lines(path, ["four é"])

    assert path.read_text(encoding="utf-8").split("\n") == ["one", "two", "thr~", "four é", ""]


def test_lines_of_many_writers_do_not_mix(tmp_path):
    path = tmp_path / "lines"

    def write(letter):
        for _ in range(50):
            disk.append_lines(path, [letter * 100, letter * 100])

    writers = [threading.Thread(target=write, args=[letter]) for letter in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    lines = [line for line in path.read_text().split("\n") if line]  # an empty one does no harm
    assert len(lines) == 4 * 100
    assert all(len(set(line)) == 1 and len(line) == 100 for line in lines)


def test_removing_takes_what_is_there(tmp_path):
    folder = tmp_path / "folder"
    disk.remove(folder)
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "b").write_text("")
    disk.remove(folder)
    assert not folder.exists()
    file = tmp_path / "file"
    file.write_text("")
    disk.remove(file)
    assert not file.exists()
    target = tmp_path / "target"
    target.mkdir()
    link = tmp_path / "link"
    link.symlink_to(target)
    disk.remove(link)
    assert not link.is_symlink()
    assert target.exists()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    disk.remove(pipe)
    assert not pipe.exists()


def test_removing_takes_folders_that_a_step_has_closed_to_itself(tmp_path):
    """Root may do all; whoever runs as somebody else must come through too."""
    tmp_path.chmod(0o777)
    for parent in (tmp_path, *tmp_path.parents):
        if not os.access(parent, os.X_OK) or not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
        if str(parent.parent) == "/":
            break
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            if not os.geteuid():
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            closed = tmp_path / "work" / "closed"
            closed.mkdir(parents=True)
            (closed / "file").write_text("x")
            (closed / "inner").mkdir()
            (closed / "inner" / "file").write_text("x")
            for path in (closed / "inner", closed):
                path.chmod(0)
            disk.remove(tmp_path / "work")
            code = 0 if not (tmp_path / "work").exists() else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_the_tail_of_a_log(tmp_path):
    log = tmp_path / "log"
    assert disk.tail(log) == ""
    log.write_bytes(b"".join(b"%d\n" % n for n in range(100_000)) + b"\xff end\n\n\n")

    assert disk.tail(log, 3) == "99998\n99999\n\\xff end"
    log.write_bytes(b"x" * 1_000_000)
    assert len(disk.tail(log)) <= 1 << 16


def test_failpoints_count(tmp_path):
    code = (
        "import sys; from concrete_cli import disk\n"
        "for n in range(5): print(n, flush=True); disk.failpoint('here'); disk.failpoint('there')"
    )
    for point, said in (
        ("here", "0"),
        ("here#3", "0 1 2"),
        ("there#2", "0 1"),
        ("no", "0 1 2 3 4"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"CONCRETE_FAILPOINT": point},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.split() == said.split()
        assert done.returncode == (0 if point == "no" else -9)
