"""What would take for ever, or all memory, is refused with a line."""

import os
import socket

import pytest
from concrete_cli.backends import scrubbing

from concrete_cli import digest, durations, errors, payload
from concrete_cli.cli import app
from concrete_cli.config import load
from concrete_cli.errors import ExperimentInvalid
from concrete_cli.sources import urls

GOOD = '[experiment]\nname = "x"\n'
LONG = {
    "dotted": "a" + ".a" * 80_000 + "=1",
    "header": "[" + "a" + ' . "b c"' * 80_000 + "]",
    "inline": "x = { a" + ".'a'" * 80_000 + " = 1 }",
}
DEEP = {
    "lists": "x = " + "[" * 5_000 + "]" * 5_000,
    "not_so_deep": "x = " + "[" * 60 + "]" * 60,
    "tables": "x = " + "{a=" * 200 + "1" + "}" * 200,
    "tables_in_lists": "x = " + "[{a=" * 100 + "1" + "}]" * 100,
}


def refused(path, *sets):
    with pytest.raises(ExperimentInvalid) as caught:
        load(path, sets)
    return caught.value.problems[0]


def messages(path, *sets):
    with pytest.raises(ExperimentInvalid) as caught:
        load(path, sets)
    return [problem.message for problem in caught.value.problems]


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_key_of_80_000_parts(tmp_path, text):
    (tmp_path / "x.toml").write_text(GOOD + text)
    problem = refused(tmp_path / "x.toml")
    assert (problem.message, problem.line) == ("a key has more than 32 parts", 3)


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_tables_and_lists_nested_by_the_thousand(tmp_path, text):
    (tmp_path / "x.toml").write_text(GOOD + text)
    assert (
        refused(tmp_path / "x.toml").message
        == "lists or tables are nested too deeply: more than 32"
    )
    (tmp_path / "x.toml").write_text(GOOD)
    said = messages(tmp_path / "x.toml", text.replace(" ", ""))
    assert "--set has a value nested more than 32 deep" in said


@pytest.mark.parametrize(
    "argument", ["a" + ".a" * 60_000 + "=1", "a" + ".a" * 30 + "={b={c={d=1}}}"]
)
def test_a_set_that_is_too_deep(tmp_path, argument):
    (tmp_path / "x.toml").write_text(GOOD)
    assert any("more than 32" in said for said in messages(tmp_path / "x.toml", argument))


def test_what_looks_deep_and_is_not(tmp_path):
    words = ".".join("abc"[number % 3] for number in range(31))
    (tmp_path / "x.toml").write_text(f'{GOOD}{words} = "{"." * 99} 1.2.3, a.b"\n')
    assert not any("32" in said for said in messages(tmp_path / "x.toml"))


@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
@pytest.mark.parametrize("through", ["itself", "extends", "a link"])
def test_a_pipe_a_socket_or_a_device_for_an_experiment(tmp_path, monkeypatch, kind, through):
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "odd.toml"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind("odd.toml")
    else:
        place.symlink_to("/dev/zero")
    file = place if through == "itself" else tmp_path / "x.toml"
    if through == "extends":
        file.write_text('extends = "odd.toml"\n')
    elif through == "a link":
        file.symlink_to(place)
    assert f"it is a {kind}, not a file" in refused(file).message
    with pytest.raises(OSError, match="it is not a regular file"):
        digest.of_file(place)


ATTACKS = ["-" * 50_000, "-_" * 50_000, "a-token" * 10_000, "?a" * 50_000, "://a:" * 20_000,
           "&sig=x" * 30_000, "eyJ-" * 30_000, "eyJ." * 30_000, "bearer " * 30_000, "1" * 50_000,
           "1 s " * 30_000, "secret" + " " * 50_000, "@" * 50_000, "${a" * 30_000]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack[:8] for attack in ATTACKS])
def test_no_pattern_goes_back_and_forth(attack):
    """Each of these took minutes, where a pattern tried all ways of reading it."""
    for text in (f"https://x.y/z?{attack}", f"https://x.y/z?{attack}=1", f"https://{attack}"):
        assert len(urls.hidden(text)) == len(text)
        list(urls.problems(text))
        scrubbing.scrub(text)
    with pytest.raises(ValueError, match=r"expected a duration|."):
        durations.parse(f"{attack}!")
    errors.nearest(attack, [attack[1:], "other"])


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:pass@x.y/z", "https://u:****@x.y/z"),
        ("https://x.y/z?sig=abc&b=1", "https://x.y/z?sig=***&b=1"),
        ("https://x.y/z?b=1&X-Amz-Signature=abc", "https://x.y/z?b=1&X-Amz-Signature=***"),
        ("https://x.y/z?access_token=ab?sig=cd", "https://x.y/z?access_token=*********"),
        ("https://x.y/z?to=https://a.b?sig=cd", "https://x.y/z?to=https://a.b?sig=**"),
        ("https://x.y/z?API-KEY=abc #sig=x", "https://x.y/z?API-KEY=*** #sig=x"),
        ("https://x.y/z?sig=${SIG}&design=7", "https://x.y/z?sig=${SIG}&design=7"),
        ("two: http://a:b@c and http://d:e@f?pwd=x", "two: http://a:*@c and http://d:*@f?pwd=*"),
    ],
)
def test_secrets_in_urls_are_starred(url, shown):
    assert urls.hidden(url) == shown


TOO_MUCH = "a" * 100_000


@pytest.mark.parametrize(
    "words", [("check", TOO_MUCH), (f"--{TOO_MUCH}",), (TOO_MUCH,), ("runs", "--home", TOO_MUCH),
              ("check", "x.toml", "--set", TOO_MUCH), ("check", "nul.toml"), ("check", "key.toml"),
              ("train", "x.toml", "--backend", TOO_MUCH), ("models", "show", TOO_MUCH)],
    ids=range(9),
)  # fmt: skip
@pytest.mark.parametrize("as_json", [False, True])
def test_messages_fit_on_a_screen(tmp_path, monkeypatch, capfd, words, as_json):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.toml").write_text(GOOD)
    (tmp_path / "nul.toml").write_bytes(b"\0" * 300_000)
    (tmp_path / "key.toml").write_text(f"{TOO_MUCH} = 1\n")
    assert app.run([*words, *(["--json"] if as_json else [])]) in (2, 3, 5, 7)
    said = capfd.readouterr()
    assert len(said.out + said.err) < 9_000


def test_a_pipe_among_the_files_of_a_data_set(tmp_path):
    files = payload.module("_files")
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "a=1").mkdir()
    os.mkfifo(tmp_path / "a=1" / "pipe.csv")
    with pytest.raises(files.Refused, match="0 data files"):
        files.files(tmp_path)
    (tmp_path / "a=1" / "rows.csv").write_text("x\n1\n")
    assert files.files(tmp_path) == [tmp_path / "a=1" / "rows.csv"]
