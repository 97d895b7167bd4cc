"""Other names, a path prefix, pages of other sites: what an endpoint behind a proxy is asked."""

import contextlib
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromium import PROGRAM, Browser
from concrete_cli import hosts


@pytest.fixture(scope="module")
def client(of_module):
    return of_module(
        "mix",
        hosts=["models.example.com", "*.corp.example", "127.0.0.2"],
        origins=["https://app.example.com"],
        root_path="/models/mix",
        read_timeout=60.0,
    )


@pytest.mark.parametrize(
    "host", ["models.example.com", "MODELS.example.com.:443", "a.b.corp.example", "127.0.0.2:80"]
)
def test_names_that_are_allowed(client, host):
    assert client.ask("GET", "/metrics", host=host).status == 200


@pytest.mark.parametrize("host", ["example.com", "corp.example", "models.example.com.evil", "x@y"])
def test_names_that_are_not(client, host):
    assert client.ask("GET", "/metrics", host=host).status == 421


@pytest.mark.parametrize("root", ["", "/models/mix"])
def test_the_prefix_may_be_there_or_not(client, sample, root):
    for path in ("/health", "/ready", "/openapi.json", "/metrics", "/"):
        assert client.ask("GET", root + path, key="").status == 200
    assert client.ask("POST", f"{root}/score", "{}", key="").status == 401
    assert client.ask("GET", "/models/mixed/health").status == 404
    document = client.ask("GET", f"{root}/openapi.json").json()
    assert document["servers"] == [{"url": "/models/mix"}]
    page = client.ask("GET", root or "/").text
    assert '<base href="/models/mix/">' in page
    assert "concrete endpoints show mix" in page
    assert "/key" not in page.partition("<script>")[0]


def test_pages_that_are_allowed_may_ask(client):
    asks = {"access_control_request_method": "POST", "origin": "https://app.example.com"}
    before = client.ask("OPTIONS", "/score", key="", **asks)
    assert (before.status, before.text) == (204, "")
    assert before.headers["access-control-allow-origin"] == "https://app.example.com"
    assert "authorization" in before.headers["access-control-allow-headers"]
    for key, status in ((client.key, 422), ("wrong", 401)):
        answer = client.ask("POST", "/score", "{}", key=key, origin="https://app.example.com")
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
        assert answer.headers["vary"] == "origin"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://app.example.com", ""])
def test_other_pages_may_not(client, origin):
    asks = {"access_control_request_method": "POST", "origin": origin}
    before = client.ask("OPTIONS", "/score", key="", **asks)
    assert (before.status, "[deploy] origins" in before.error) == (403, True)
    answer = client.ask("POST", "/score", "{}", origin=origin)
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["vary"] == "origin"


@pytest.mark.skipif(not PROGRAM, reason="Chromium is not installed")
def test_the_page_works_below_the_prefix(client):
    with Browser() as browser:
        for address in ("/models/mix", "/models/mix/"):
            browser.open(f"http://{client.host}:{client.port}{address}#key={client.key}")
            browser.wait("document.querySelector('#chart svg')")
            assert browser.errors == []
            assert all("/models/mix" in one for one in browser.requests)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("Models.Example.com.", "models.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("[::1]", "::1"),
        ("*", "*"),
        ("*.x", "*.x"),
        ("a_b-c", "a_b-c"),
    ],
)
def test_names_as_headers_hold_them(given, name):
    assert hosts.a_host(given) == name


@pytest.mark.parametrize("given", ["", "http://x", "x:80", "a b", "*.*.x", "x/", "-a", "a" * 999])
def test_what_is_not_a_name_is_refused(given):
    with pytest.raises(ValueError, match="expected a host name"):
        hosts.a_host(given)


@given(st.text(max_size=300))
def test_any_text_is_a_name_or_refused(text):
    for read in (hosts.a_host, hosts.an_origin, hosts.a_root_path):
        found = ""
        with contextlib.suppress(ValueError):  # and nothing else
            found = read(text)
        assert found.isascii()
        assert not set(found) & set(' "<>\r\n')


def test_the_full_name_of_this_machine_is_known(tmp_path):
    table = tmp_path / "hosts"
    own = socket.gethostname()
    table.write_text(f"127.0.0.1 localhost\n127.0.1.1 {own}.corp.example {own} # comment\n")
    assert hosts.of_machine(table) == {own.lower(), f"{own}.corp.example".lower()}
    assert hosts.of_machine(tmp_path / "nix") == {own.lower()}


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://App.example.com/", "https://app.example.com"),
        ("http://x:8080", "http://x:8080"),
        ("https://x:443", "https://x"),
        ("*", "*"),
    ],
)
def test_origins_as_browsers_send_them(given, origin):
    assert hosts.an_origin(given) == origin


@pytest.mark.parametrize("given", ["x", "ftp://x", "https://x/y", "https://u@x", "https://x?y", ""])
def test_what_is_not_an_origin_is_refused(given):
    with pytest.raises(ValueError, match="expected an origin"):
        hosts.an_origin(given)
