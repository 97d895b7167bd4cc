"""Sources on the web: fetched once, whole, what the digest says, or not at all."""

import hashlib
import logging
import os
import subprocess
import sys
import threading

import pytest

from concrete_cli import digest
from concrete_cli.backend import Options
from concrete_cli.commands import collect
from concrete_cli.errors import BackendUnavailable, Damaged, NotFound, UsageError
from concrete_cli.plan import Output, Plan, Source, Step
from concrete_cli.sources import fetching, urls
from concrete_cli.workspace import Workspace
from website import hangs_up, says, sleeps, streams


def test_it_is_fetched_once(site, home, held, left):
    uri = held()
    told = []
    first = fetching.bring(uri, home, told.append)
    assert first.read_bytes() == b"a,b\n1,2\n"
    assert first.name == "mixes.csv"
    site.close()
    assert fetching.bring(uri, home, told.append) == first
    assert told == [f"fetching {site.base}/mixes.csv"]
    assert len(site.calls) == 1
    assert left() == ["mixes.csv"]


def test_the_same_content_from_elsewhere_needs_no_network(site, home, held):
    fetching.bring(held(), home)
    other = fetching.bring(held("/mirror/other.txt"), home)
    assert (other.name, other.read_bytes()) == ("other.txt", b"a,b\n1,2\n")
    assert len(site.calls) == 1


def test_many_at_once_fetch_once(site, home, held):
    uri = held()
    threads = [threading.Thread(target=fetching.bring, args=(uri, home)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(site.calls) == 1


def test_something_else_is_refused_and_not_kept(site, home, held, left):
    uri = held()
    site.pages["/mixes.csv"] = b"other\n"
    with pytest.raises(Damaged) as error:
        fetching.bring(uri, home)
    assert f"sha256 {urls.split(uri)[1]} expected" in str(error.value)
    assert f"{hashlib.sha256(site.pages['/mixes.csv']).hexdigest()} got" in str(error.value)
    assert left() == []


def test_a_damaged_copy_is_fetched_again(site, home, held, caplog):
    uri = held()
    path = fetching.bring(uri, home)
    path.chmod(0o644)
    path.write_text("damage")
    with caplog.at_level(logging.WARNING, "concrete"):
        assert fetching.bring(uri, home).read_bytes() == b"a,b\n1,2\n"
    assert "is damaged; it is fetched again" in caplog.text
    assert len(site.calls) == 2


@pytest.mark.parametrize(
    "trouble",
    [says(429, Retry_After="0"), says(503), says(500), hangs_up, sleeps],
    ids=["429", "503", "500", "cut", "slow"],
)
def test_bad_weather_passes(site, home, held, hurry, trouble):
    site.trouble += [trouble, trouble]
    assert fetching.bring(held(), home).read_bytes() == b"a,b\n1,2\n"
    assert len(site.calls) == 3


@pytest.mark.parametrize(
    ("trouble", "kind", "told"),
    [
        ([says(503)] * 9, BackendUnavailable, "503 Service Unavailable"),
        ([says(429, Retry_After="3600")], BackendUnavailable, "429 Too Many Requests"),
        ([hangs_up] * 9, BackendUnavailable, "the connection broke after 3 of 10 bytes"),
        ([sleeps] * 9, BackendUnavailable, "timed out"),
        ([says(404)], NotFound, "no file called"),
        ([says(403)], BackendUnavailable, "403 Forbidden"),
        ([says(302, Location="/mixes.csv")] * 20, BackendUnavailable, "infinite loop"),
        ([says(302, Location="file:///etc/passwd")], BackendUnavailable, "not allowed"),
    ],
)
def test_what_does_not_pass_is_one_line(site, home, held, hurry, left, trouble, kind, told):
    uri = held()
    site.trouble += trouble
    with pytest.raises(kind, match=told) as error:
        fetching.bring(uri, home)
    assert "\n" not in str(error.value)
    assert error.value.help
    assert left() == []


def test_nobody_answers(site, home, held, mocker):
    slept = mocker.patch("time.sleep")
    uri = held()
    site.close()
    with pytest.raises(BackendUnavailable, match=r"cannot fetch http.*Connection refused"):
        fetching.bring(uri, home)
    slept.assert_not_called()  # who refuses a connection now does so in a second, too


def test_a_redirect_is_followed(site, home, held):
    uri = held("/new/mixes.csv")
    site.trouble.append(says(301, Location="/new/mixes.csv"))
    old = uri.replace("/new", "/old")
    assert fetching.bring(old, home).read_bytes() == b"a,b\n1,2\n"


def test_secrets_come_from_the_environment_and_go_nowhere_else(site, home, held, monkeypatch):
    uri = held().replace("mixes.csv", "mixes.csv?sig=${MY_SAS}")
    with pytest.raises(BackendUnavailable, match="needs the variable MY_SAS") as error:
        fetching.bring(uri, home)
    assert error.value.help == "export MY_SAS=..."
    monkeypatch.setenv("MY_SAS", "hush")
    site.trouble.append(says(403))
    with pytest.raises(BackendUnavailable) as error:
        fetching.bring(uri, home)
    assert "hush" not in f"{error.value} {error.value.help}"
    assert fetching.bring(uri, home).name == "mixes.csv"
    assert [path for path, _ in site.calls] == ["/mixes.csv?sig=hush"] * 2


def test_a_login_is_sent_to_the_host_that_it_is_for(site, home, held, monkeypatch):
    monkeypatch.setenv("ME", "anna")
    monkeypatch.setenv("PASSWORD", "hush")
    uri = held().replace("http://", "http://${ME}:${PASSWORD}@")
    elsewhere = site.base.replace("127.0.0.1", "localhost")
    site.trouble.append(says(302, Location=f"{elsewhere}/mixes.csv"))
    fetching.bring(uri, home)
    assert [facts.get("Authorization") for _, facts in site.calls] == ["Basic YW5uYTpodXNo", None]


def test_what_is_not_pinned_is_refused(site, home):
    for uri in (f"{site.base}/a.csv", f"{site.base}/a.csv#sha256=5e"):
        with pytest.raises(UsageError) as error:
            fetching.bring(uri, home)
        assert f"concrete pin {site.base}/a.csv" in error.value.help
    assert site.calls == []


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://x.org/a/b.csv?c=d.txt", "b.csv"),
        ("https://x.org", "source"),
        ("https://x.org/a%20b.csv", "source"),
        ("https://x.org/..", "source"),
        ("s3://bucket/deep/b.parquet", "b.parquet"),
    ],
)
def test_a_file_is_called_what_every_backend_can_take(url, name):
    assert urls.filename(urls.pinned(url, "5e" * 32)) == name


def test_other_stores_are_read_by_fsspec(home, tmp_path):
    (tmp_path / "numbers.csv").write_text("a\n1\n")
    uri = urls.pinned((tmp_path / "numbers.csv").as_uri(), digest.of_file(tmp_path / "numbers.csv"))
    assert fetching.bring(uri, home).read_text() == "a\n1\n"
    with pytest.raises(NotFound):
        fetching.bring(urls.pinned("file:///nowhere/x.csv", "5e" * 32), home)
    with pytest.raises(BackendUnavailable, match="what://"):
        fetching.bring(urls.pinned("what://bucket/x.csv", "5e" * 32), home)


def test_fsspec_is_an_extra(home, monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(BackendUnavailable, match="s3:// needs fsspec") as error:
        fetching.bring(urls.pinned("s3://bucket/x.csv", "5e" * 32), home)
    assert error.value.help == "pip install 'concrete-cli[fsspec]'"


def test_memory_does_not_grow_with_the_file(site, home):
    size = 96 << 20
    site.trouble.append(streams(size))
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from concrete_cli.sources import fetching, web\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "found = fetching.pin(sys.argv[1], Path(sys.argv[2]))[1]\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(found.stat().st_size, after - before)"
    )
    words = [sys.executable, "-c", code, f"{site.base}/big.csv", str(home)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=os.environ)
    came, grown = map(int, done.stdout.split())
    assert came == size
    assert grown < 24 << 10  # KB


def reader(uri):
    return Plan(
        "read", (Step("read", "/nowhere.py", {"data": Source(uri)}, (Output("read", "o"),)),)
    )


def test_what_no_run_needs_any_more_is_collected(home, held):
    space = Workspace(home)
    needed, spare = held("/needed.csv", b"needed"), held("/spare.csv", b"spare")
    for uri in (needed, spare):
        fetching.bring(uri, home)
    facts = {"workflow": "run", "experiment": "e", "file": "e.toml", "backend": "local"}
    space.runs.create(reader(needed), experiment="", options=Options(), facts=facts)
    assert collect.collect(space, 0)["bytes"] >= len(b"spare")
    assert fetching.target(needed, home).is_file()
    assert not fetching.target(spare, home).exists()


def test_a_plan_with_files_in_place_of_urls(site, home, held):
    uri = held()
    assert fetching.known(reader(uri), home) == reader(f"{site.base}/mixes.csv")
    path = fetching.target(uri, home)
    assert fetching.here(reader(uri), home) == reader(str(path))
    assert fetching.known(reader(uri), home) == reader(str(path))
    assert path.is_file()
