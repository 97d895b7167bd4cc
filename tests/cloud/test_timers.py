"""Local schedules: shown, installed into crontab or systemd, listed, disabled, deleted."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from concrete_cli.backends.local import times

from concrete_cli.errors import UsageError

CRONTAB = """#!{python}
import os, pathlib, sys
table = pathlib.Path({table!r})
if sys.argv[1] == "-l":
    if not table.exists():
        sys.exit("no crontab for you")
    sys.stdout.buffer.write(table.read_bytes())
else:
    text = sys.stdin.buffer.read()
    if not text.endswith(b"\\n") and text:
        sys.exit("new crontab file is missing newline before EOF, can't install.")
    aside = table.with_name(f"crontab.{{os.getpid()}}")
    aside.write_bytes(text)
    aside.rename(table)
"""
SYSTEMCTL = """#!{python}
import pathlib, sys
said = pathlib.Path({table!r})
with said.open("a") as file:
    file.write(" ".join(sys.argv[1:]) + "\\n")
if "is-enabled" in sys.argv:
    lines = [line.split() for line in said.read_text().splitlines() if sys.argv[-1] in line]
    changes = [line[1] for line in lines if line[1] in ("enable", "disable")]
    print("enabled" if changes[-1] == "enable" else "disabled")
"""


def program(folder, name, text, table):
    place = folder / "bin"
    place.mkdir(exist_ok=True)
    path = place / name
    path.write_text(text.format(python=sys.executable, table=str(table)))
    path.chmod(0o755)
    return place


@pytest.fixture
def crontab(folder, monkeypatch):
    """A crontab that holds a line of somebody else."""
    table = folder / "table"
    table.write_text("0 1 * * * backup # mine\n")
    place = program(folder, "crontab", CRONTAB, table)
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    return table


def test_a_scheduled_run_finds_the_files_that_set_names(type_, experiment, crontab):
    """cron starts in the home folder, systemd in the root."""
    file, here = experiment(), Path.cwd()
    told = type_("schedule", file, "--every", "1d", "--set", "experiment.seed=7", "--json").json()
    words = told["pipeline"]
    code = "import os, sys; print(os.getcwd(), *sys.argv[1:])"

    shown = subprocess.run(
        words.replace("-m concrete_cli", f"-c {code!r}"),
        shell=True,
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )

    assert shown.stdout.startswith(f"{here} run {file}")
    assert "--set experiment.seed=7" in shown.stdout


def test_a_line_is_shown_and_nothing_installed(type_, experiment, crontab):
    file = experiment()
    before = crontab.read_text()
    shown = type_("schedule", file, "--cron", "0  3 * * mon", "--json").json()
    assert (shown["kind"], shown["installed"]) == ("crontab", False)
    assert (shown["name"], shown["when"]) == ("mine-run", "0 3 * * mon")
    assert shown["text"].startswith("0 3 * * mon ")
    assert f" run {file} --quiet" in shown["text"]
    assert crontab.read_text() == before
    assert "--install" in type_("schedule", file, "--every", "12h").stderr


def test_a_line_is_installed_listed_disabled_and_deleted(type_, experiment, crontab, folder):
    file = experiment()
    every = ("schedule", file, "--every", "12h", "--install", "--name", "often", "--json")
    made = type_(*every).json()
    assert (made["active"], made["installed"], made["when"]) == (True, True, "0 */12 * * *")
    type_(*every)  # takes the place of the first one
    lines = crontab.read_text().splitlines()
    assert lines[0] == "0 1 * * * backup # mine"
    assert len(lines) == 2

    # cron hands the line to a shell: what it would do is what was asked for
    command = lines[1].split(maxsplit=5)[5]
    subprocess.run(["sh", "-c", command], check=True, cwd="/")
    assert type_("show", "--json").json()["status"] == "done"

    assert not type_("schedules", "disable", "often", "--json").json()["active"]
    assert crontab.read_text().splitlines()[1].startswith("#off ")
    rows = type_("schedules", "--json").json()["schedules"]
    assert [(row["name"], row["active"]) for row in rows] == [("often", False)]
    type_("schedules", "delete", "often")
    assert crontab.read_text() == "0 1 * * * backup # mine\n"
    type_("schedules", "delete", "often", code=5)


def test_a_systemd_timer_where_systemd_runs(type_, experiment, folder, monkeypatch):
    (folder / "run" / "systemd").mkdir(parents=True)
    place = program(folder, "systemctl", SYSTEMCTL, folder / "said")
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder / "run"))
    file = experiment()
    shown = type_("schedule", file, "--cron", "0 3 * * 1")
    assert "OnCalendar=Mon *-*-* 03:00:00" in shown.stdout
    assert not (folder / "said").exists()

    made = type_("schedule", file, "--cron", "0 3 * * 1", "--install", "--json").json()
    assert (made["kind"], made["active"], made["when"]) == ("systemd", True, "0 3 * * 1")
    units = Path.home() / ".config" / "systemd" / "user"
    assert sorted(one.name for one in units.iterdir()) == [
        "concrete-mine-run.service",
        "concrete-mine-run.timer",
    ]
    verify(units)
    assert not type_("schedules", "disable", "mine-run", "--json").json()["active"]
    type_("schedules", "delete", "mine-run")
    assert list(units.iterdir()) == []
    said = (folder / "said").read_text()
    assert "--user enable --now concrete-mine-run.timer" in said


def verify(units):
    """The real systemd reads the units, if it is here."""
    tool = Path("/usr/bin/systemd-analyze")
    if tool.exists():
        files = list(map(str, units.iterdir()))
        done = subprocess.run(
            [tool, "--user", "verify", *files], capture_output=True, text=True, check=False
        )
        assert "concrete-mine-run" not in done.stderr, done.stderr


def test_a_crontab_that_cannot_be_read_is_not_written_over(type_, experiment, crontab, folder):
    refusing = CRONTAB.replace("if not table.exists():", "if True:")
    program(folder, "crontab", refusing.replace("no crontab for you", "try again later"), crontab)

    install = ("schedule", experiment(), "--every", "1d", "--install")
    assert "is left as it is: try again later" in type_(*install, code=7).stderr
    assert crontab.read_text() == "0 1 * * * backup # mine\n"


def test_six_at_once_all_stay(type_, experiment, crontab, concrete):
    """And what others have written stays byte for byte, whatever it is."""
    file = experiment()
    others = (
        b"# caf\xe9 \x85 in Latin-1\n0 1 * * * a\x0cb\x0b # form feed\r\n"
        b"\xff\xfe\x00 no text at all\n0 2 * * * echo \xe2\x80\xa8 # a line of Unicode's own\n"
        b"CRON_TZ=UTC\n\n0 3 * * * the last one has no end"
    )
    crontab.write_bytes(others)
    names = [f"at-once-{number}" for number in range(6)]
    with ThreadPoolExecutor(len(names)) as pool:
        every = ("schedule", file, "--every", "1d", "--install", "--name")
        for done in [pool.submit(concrete, *every, name) for name in names]:
            assert done.result().stdout
    listed = type_("schedules", "--json").json()["schedules"]
    assert [row["name"] for row in listed] == names
    assert crontab.read_bytes().startswith(others + b"\n")

    place = next(
        number
        for number, line in enumerate(crontab.read_bytes().split(b"\n"))
        if line.endswith(b"# concrete:at-once-0")
    )
    type_(*every, names[0], "--set", "pipeline.steps.numbers.params.factor=a\u2028b\x0cc")
    assert type_("schedules", "disable", names[0], "--json").json()["name"] == names[0]
    lines = crontab.read_bytes().removeprefix(others + b"\n")
    assert crontab.read_bytes().split(b"\n")[place].startswith(b"#off ")  # where it was
    assert lines.count(b"\n") == len(names)
    with ThreadPoolExecutor(len(names)) as pool:
        for done in [pool.submit(concrete, "schedules", "delete", name) for name in names]:
            done.result()
    assert crontab.read_bytes() == others + b"\n"


@pytest.mark.parametrize(("times_", "code"), [(1, 0), (9, 7)])
def test_what_another_program_writes_over_is_written_again(
    type_, experiment, crontab, folder, times_, code
):
    """Its crontab goes in between writing and looking, so often."""
    theirs = (
        CRONTAB
        + f"""
    count = table.with_name("count")
    count.write_text(count.read_text() + "x" if count.exists() else "x")
    if len(count.read_text()) <= {times_}:
        table.write_text("0 1 * * * backup # theirs\\n")
"""
    )
    program(folder, "crontab", theirs, crontab)
    done = type_("schedule", experiment(), "--every", "1d", "--install", code=code)
    table = crontab.read_text()
    assert table.startswith("0 1 * * * backup # theirs\n")
    assert ("# concrete:mine-run\n" in table) is (code == 0)
    assert ("crontab -l" in done.stderr) is (code == 7)


def test_the_first_line_of_a_crontab(type_, experiment, crontab):
    crontab.unlink()
    type_("schedule", experiment(), "--every", "1d", "--install")
    assert len(crontab.read_text().splitlines()) == 1


def test_without_cron_the_help_says_what_to_do(type_, experiment, folder, monkeypatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("PATH", str(folder))
    file = experiment()
    type_("schedule", file, "--every", "1d")
    done = type_("schedule", file, "--every", "1d", "--install", code=7)
    assert "has no crontab" in done.stderr
    assert type_("schedules", "--json").json()["schedules"] == []


@pytest.mark.parametrize(
    ("cron", "calendar"),
    [
        ("0 3 * * 1", "Mon *-*-* 03:00:00"),
        ("*/15 * * * *", "*-*-* *:00/15:00"),
        ("30 6,18 1 * *", "*-*-01 06,18:30:00"),
        ("0 0 1 jan *", "*-01-01 00:00:00"),
        ("5 4 * * mon-fri", "Mon..Fri *-*-* 04:05:00"),
        ("0 9-17/2 * * 0", "Sun *-*-* 09..17/2:00:00"),
        ("0 3 * * 5-7", "Fri..Sun *-*-* 03:00:00"),
        ("0 3 * * 0-2", "Sun,Mon,Tue *-*-* 03:00:00"),
        ("0 3 * * 0-7", "Sun,Mon,Tue,Wed,Thu,Fri,Sat *-*-* 03:00:00"),
    ],
)
def test_cron_as_systemd_has_it(cron, calendar):
    assert times.calendar(times.check(cron)) == calendar
    tool = Path("/usr/bin/systemd-analyze")
    if tool.exists():
        subprocess.run([tool, "calendar", calendar], check=True, capture_output=True)


@pytest.mark.parametrize(
    "cron", ["", "* * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * mo",
             "5-1 * * * *", "*/0 * * * *", "a * * * *", "1,,2 * * * *"],
)  # fmt: skip
def test_what_is_no_cron_is_refused(cron):
    with pytest.raises(UsageError, match="--cron"):
        times.check(cron)


@pytest.mark.parametrize(
    ("text", "cron"),
    [("30m", "*/30 * * * *"), ("1m", "* * * * *"), ("12h", "0 */12 * * *"), ("1h", "0 * * * *"),
     ("1d", "0 0 * * *"), ("1w", "0 0 * * 1")],
)  # fmt: skip
def test_every(text, cron):
    assert times.every(text) == cron


@pytest.mark.parametrize("text", ["7h", "45m", "2d", "12", "0h", "h", "1y"])
def test_what_cron_cannot_say_is_refused(text):
    with pytest.raises(UsageError, match="--every"):
        times.every(text)
