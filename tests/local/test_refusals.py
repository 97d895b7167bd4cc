"""What the system refuses ends in one line that names the file, and says what to do."""

import errno
import os
import shutil
import stat
import subprocess
import sys

import pytest

from concrete_cli import home as homes
from concrete_cli.cli import app, refused
from toy import Toy


@pytest.mark.parametrize("number", sorted(errno.errorcode))
def test_every_error_of_the_system_is_told_with_its_file(number):
    told = refused.told(OSError(number, os.strerror(number), "/some/file"))
    assert told.exit_code in (5, 7)
    assert str(told).startswith(("cannot write /some/file: ", "cannot use /some/file: "))
    assert told.help


def test_errors_without_a_file_name_the_home(tmp_path):
    with homes.command():
        home = homes.prepare(tmp_path / "home")
        for number in (errno.EIO, errno.EFBIG, errno.EDQUOT):
            told = refused.told(OSError(number, os.strerror(number)))
            assert str(home) in str(told)
            assert told.help
    copied = shutil.Error([("/a", "/b", "[Errno 28] No space left on device")])
    assert str(refused.told(copied)).startswith("cannot copy /a to /b: ")
    assert refused.told(OSError("of a library")) is None


@pytest.mark.parametrize("words", [("runs",), ("doctor",), ("show", "latest")])
def test_a_current_folder_that_is_gone(words, tmp_path):
    code = "import os, sys; os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')\n"
    code += f"from concrete_cli.cli.app import run; sys.exit(run({words!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 5), done.stderr
    assert done.stderr.count("error: ") <= 1
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr


@pytest.mark.parametrize("home", ["/proc/x", "/dev/null", "/dev/null/x", "/sys/x", "/proc/self/x"])
def test_a_home_that_cannot_be_made_is_refused(home, capfd):
    assert app.run(["runs", "--home", home]) in (2, 7)
    said = capfd.readouterr().err
    assert home.partition("/x")[0] in said
    assert "help: " in said
    assert "bug" not in said


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770, 0o2775, 0o702])
def test_a_home_that_others_can_write_is_refused_with_what_to_type(tmp_path, capfd, mode):
    home = tmp_path / "a home"
    home.mkdir()
    home.chmod(mode)
    assert app.run(["runs", "--home", str(home)]) == 2
    said = capfd.readouterr().err
    assert f"others can write {home} (mode {mode:04o})" in said
    assert list(home.iterdir()) == []
    line = said.partition("help: ")[2].partition(", or")[0]
    subprocess.run(line, shell=True, check=True)
    assert app.run(["runs", "--home", str(home)]) == 0


def test_below_a_home_all_is_for_its_user_alone_under_any_umask(tmp_path, concrete):
    toy = Toy(tmp_path / "toy")
    toy.go.touch()
    fails = toy.folder / "third.py"
    fails.write_text("import os, sys\nos.makedirs(os.environ['CONCRETE_STATE'])\nsys.exit(1)\n")
    toy.file.write_text(toy.file.read_text() + '[pipeline.steps.third]\nscript = "third.py"\n'
                        'outputs = ["out"]\n')  # fmt: skip
    before = os.umask(0)
    try:
        concrete("run", toy.file, code=4, cwd=toy.folder)
        run = concrete("run", toy.file, "--cold", "--json", code=4, cwd=toy.folder)
        assert run.code == 4
        concrete("report", "-o", "page.html", cwd=toy.folder)
        concrete("fetch", "latest", "first.out", "fetched", cwd=toy.folder)
        concrete("init", "new", cwd=toy.folder)
    finally:
        os.umask(before)
    home = toy.folder / ".concrete"
    open_ = {
        str(path.relative_to(home)): oct(path.lstat().st_mode)
        for path in [home, *home.rglob("*")]
        if not path.is_symlink() and path.lstat().st_mode & 0o077
    }
    assert open_ == {}
    given = ("page.html", "fetched/text.txt", "fetched", "new", "new/concrete.toml")
    modes = {name: stat.S_IMODE((toy.folder / name).stat().st_mode) for name in given}
    assert {name: mode for name, mode in modes.items() if mode not in (0o666, 0o777)} == {}


def test_a_home_heals_when_its_folders_are_gone(tmp_path, concrete):
    toy = Toy(tmp_path / "toy")
    toy.go.touch()
    concrete("run", toy.file, cwd=toy.folder)
    for name in homes.FOLDERS:
        shutil.rmtree(toy.folder / ".concrete" / name)
    assert concrete("runs", "--json", cwd=toy.folder).json()["runs"] == []
    concrete("show", code=5, cwd=toy.folder)
    concrete("gc", cwd=toy.folder)
    concrete("run", toy.file, cwd=toy.folder)
    for name in homes.FOLDERS:
        shutil.rmtree(toy.folder / ".concrete" / name, ignore_errors=True)
    concrete("run", toy.file, cwd=toy.folder)


def test_the_report_of_a_bug_is_where_the_command_works(tmp_path, capfd, monkeypatch):
    (tmp_path / "concrete.toml").write_text('[experiment]\nname = "x"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    home = tmp_path / "chosen"
    assert app.run(["runs", "--home", str(home)]) == 0

    def breaks(*_):
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr("concrete_cli.commands.history.runs", breaks)
    assert app.run(["runs", "--home", str(home)]) == 1
    assert str(home / "crash.txt") in capfd.readouterr().err
    assert "of ours" in (home / "crash.txt").read_text()
    assert (home / "crash.txt").stat().st_mode & 0o077 == 0

    (home / "crash.txt").unlink()
    monkeypatch.setattr("concrete_cli.workspace.here", breaks)
    monkeypatch.setattr(sys, "argv", ["concrete", "runs", "--home", str(home)])
    assert app.run(["runs", "--home", str(home)]) == 1
    assert (home / "crash.txt").exists()
    monkeypatch.setattr(sys, "argv", ["concrete", "runs"])
    assert app.run(["runs"]) == 1
    assert "concrete-crash-" in capfd.readouterr().err
    assert not (tmp_path / ".concrete").exists()
