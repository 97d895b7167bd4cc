"""Peers that are slow, silent, many or endless."""

import json
import re
import socket
import threading
import time
from pathlib import Path

import pytest

import served


def head(client, *lines, method="POST", path="/score"):
    first = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {client.key}"]
    return "\r\n".join([*first, *lines, "", ""]).encode()


def status(answer):
    return int(answer.split(b" ", 2)[1])


def body(answer):
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def test_slow_headers_are_cut_off(client):
    begin = time.monotonic()
    answer = client.talk(b"GET /hea", b"lth HT", pause=0.4)
    assert status(answer) == 408
    assert "no request arrived within 1 s" in body(answer)["error"]
    assert time.monotonic() - begin < 5


def test_letters_one_by_one_do_not_win_time(client):
    with client.connect() as connection:
        begin = time.monotonic()
        try:
            while time.monotonic() - begin < 10:
                connection.sendall(b"X")
                time.sleep(0.1)
        except OSError:
            pass
        assert time.monotonic() - begin < 5


def test_a_slow_body_is_cut_off(client):
    answer = client.talk(
        head(client, "Content-Type: application/json", "Content-Length: 100"), b"{"
    )
    assert status(answer) == 408
    assert "the body did not arrive" in body(answer)["error"]


def test_a_chunked_body_over_the_limit_is_refused(client):
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    lines = ("Content-Type: application/json", "Transfer-Encoding: chunked", "Connection: close")
    answer = client.talk(head(client, *lines), *[chunk] * 8, b"0\r\n\r\n")
    assert status(answer) == 413
    assert "larger than 200000 bytes" in body(answer)["error"]


def test_an_endless_body_is_not_read_for_ever(client):
    with client.connect() as connection:
        lines = ("Content-Type: application/json", "Transfer-Encoding: chunked")
        connection.sendall(head(client, *lines))
        chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
        begin, sent = time.monotonic(), 0
        try:
            while time.monotonic() - begin < 20:
                connection.sendall(chunk)
                sent += len(chunk)
        except OSError:
            pass
        assert time.monotonic() - begin < 10
        assert sent < 50_000_000


def test_a_large_body_without_the_key_is_refused_before_it_is_read(client):
    lines = ("Content-Type: application/json", "Content-Length: 150000", "Connection: close")
    bare = head(client, *lines).replace(client.key.encode(), b"wrong")
    assert status(client.talk(bare, b" " * 1000)) == 401


def test_headers_without_end_are_refused(client):
    answer = client.talk(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000)
    assert status(answer) in (400, 431)
    assert body(answer)["error"]


def test_headers_behind_a_body_have_a_limit_and_no_effect(client):
    lines = ("Content-Type: application/json", "Transfer-Encoding: chunked", "Connection: close")
    start = head(client, *lines).replace(client.key.encode(), b"wrong") + b"2\r\n{}\r\n0\r\n"
    late = b"Authorization: Bearer " + client.key.encode() + b"\r\n"
    assert status(client.talk(start + late + b"\r\n")) == 401
    many = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 1000) for number in range(80))
    assert status(client.talk(head(client, *lines) + b"2\r\n{}\r\n0\r\n" + many)) == 400


def test_a_header_that_stands_there_twice_is_refused(client):
    answer = client.talk(head(client, "Host: evil.example", "Connection: close"))
    assert status(answer) == 400
    answer = client.talk(head(client, "Authorization: Bearer x", "Connection: close"))
    assert (status(answer), body(answer)["error"]) == (
        400,
        "there are several headers authorization",
    )


@pytest.mark.parametrize("lines", [
    ("Content-Length: 2", "Transfer-Encoding: chunked"),
    ("Content-Length: 2", "Content-Length: 3"),
    ("Content-Length: -1",),
    ("Content Length: 2",),
    ("X: a\r\n b",),
])  # fmt: skip
def test_what_proxies_could_read_in_another_way_is_refused(client, lines):
    answer = client.talk(head(client, *lines, "Content-Type: application/json") + b"{}")
    assert status(answer) == 400


def test_a_body_in_an_encoding_that_is_not_undone_is_refused(client):
    lines = (
        "Content-Type: application/json",
        "Transfer-Encoding: gzip, chunked",
        "Connection: close",
    )
    answer = client.talk(head(client, *lines) + b"2\r\n{}\r\n0\r\n\r\n")
    assert status(answer) == 501


def test_an_offer_of_another_protocol_is_not_taken_up(client, sample):
    request = json.dumps({"data": [sample]}).encode()
    lines = ("Content-Type: application/json", f"Content-Length: {len(request)}")
    offer = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: x")
    last = head(client, "Connection: close", method="GET", path="/health")
    answer = client.talk(head(client, *lines, *offer) + request[:9], request[9:] + last, pause=0.2)
    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.index(b'"predictions"') < answer.index(b'"ok"')


def test_nonsense_is_refused(client):
    answer = client.talk(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n")
    assert status(answer) == 400
    assert body(answer)["error"]


def test_two_requests_in_one_go_are_answered_in_turn(client):
    one = head(client, method="GET", path="/health")
    two = head(client, "Connection: close", method="GET", path="/ready")
    answer = client.talk(one + two)
    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.index(b'"ok"') < answer.index(b'"ready"')


def test_200_idle_connections_do_not_matter(client, sample):
    idle = [client.connect() for _ in range(200)]
    try:
        begin = time.monotonic()
        answers = [client.score(sample).status for _ in range(20)]
        assert answers == [200] * 20
        assert time.monotonic() - begin < 5
        assert status(served.receive(idle[0])) == 408
    finally:
        for connection in idle:
            connection.close()


def test_both_workers_get_their_share(shared, client, sample):
    """Connections that are open at once are spread, not all taken by the first worker."""
    begin = len(shared.events())
    together = threading.Barrier(8)
    request = json.dumps({"data": [sample]}).encode()
    lines = ("Content-Type: application/json", f"Content-Length: {len(request)}")

    def ask():
        with client.connect() as connection:
            connection.sendall(head(client, *lines) + request)
            connection.recv(1 << 16)
            together.wait(10)
            connection.sendall(head(client, *lines, "Connection: close") + request)
            served.receive(connection)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = {}
    for one in shared.events()[begin:]:
        if one.get("path") == "/score":
            counts[one["pid"]] = counts.get(one["pid"], 0) + 1
    assert sum(counts.values()) == 16
    assert min(counts.values()) >= 4
    assert len(counts) == 2


def test_more_connections_than_allowed(deploy, sample):
    """The one that has been silent the longest makes room."""
    client = deploy("mix", max_connections=20)
    silent = [client.connect() for _ in range(25)]
    assert client.score(sample).status == 200
    assert served.receive(silent[0]) == b""
    for connection in silent:
        connection.close()


def resident(shared):
    """The megabytes of the supervisor and its workers."""
    pid = shared.endpoints.show("mix")["pid"]
    hands = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    texts = [Path(f"/proc/{one}/status").read_text() for one in (pid, *hands)]
    return sum(int(re.search(r"VmRSS:\s+(\d+)", text)[1]) // 1024 for text in texts)


@pytest.mark.parametrize("request_", [("GET", "/health"), ("POST", "/score")])
def test_peers_that_ask_and_do_not_read_are_cut_and_fill_no_memory(shared, client, request_):
    method, path = request_
    body = b"Content-Length: 2\r\n\r\n{}" if method == "POST" else b"\r\n"
    many = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n".encode() + body
    before = resident(shared)
    peers = [client.connect() for _ in range(2)]
    end, open_ = time.monotonic() + 100, set(peers)
    for peer in peers:
        peer.setblocking(False)
    while open_ and time.monotonic() < end:
        for peer in list(open_):
            try:
                peer.send(many * 1000)
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:
                open_.discard(peer)
    assert not open_  # each was cut, though it went on sending
    assert client.ask("GET", "/health").status == 200
    assert resident(shared) < before + 25
    for peer in peers:
        peer.close()


def test_answers_come_in_the_order_of_requests(client, sample):
    request = json.dumps({"data": [sample]}).encode()
    lines = ("Content-Type: application/json", f"Content-Length: {len(request)}")
    good = head(client, *lines) + request
    bare = good.replace(client.key.encode(), b"wrong")
    found = client.talk(good + bare + good + b"NONSENSE\r\n\r\n" + good)
    assert re.findall(rb"HTTP/1.1 (\d+)", found) == [b"200", b"401", b"200", b"400"]


def test_a_peer_that_has_said_all_gets_all_answers(client, sample):
    request = json.dumps({"data": [sample]}).encode()
    lines = ("Content-Type: application/json", f"Content-Length: {len(request)}")
    with client.connect() as connection:
        connection.sendall((head(client, *lines) + request) * 5)
        connection.shutdown(socket.SHUT_WR)
        assert served.receive(connection).count(b"HTTP/1.1 200") == 5
    with client.connect() as connection:  # and one whose request is not whole is not waited for
        connection.sendall(head(client, *lines) + request[:5])
        connection.shutdown(socket.SHUT_WR)
        assert served.receive(connection) == b""


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /health HTTP/1.1\r\n" + b"a:b\r\n" * 101 + b"\r\n",
        b"CONNECT localhost:80 HTTP/1.1\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /health HTTP/1.1\nHost: localhost\n\n",
    ],
)
def test_what_is_not_a_request_of_this_protocol_is_refused(client, request_):
    assert status(client.talk(request_)) == 400


@pytest.mark.parametrize("version", [b"", b" HTTP/0.9", b" HTTP/2.0", b" HTTP/3.7"])
def test_other_versions_are_refused(client, version):
    assert status(client.talk(b"GET /health" + version + b"\r\n\r\n")) in (400, 505)


@pytest.mark.parametrize(("name", "code"), [("localhost", 200), ("evil.example", 421)])
def test_the_name_in_the_target_counts_for_more_than_the_host_header(client, name, code):
    lines = (f"GET http://{name}/metrics HTTP/1.1", "Host: localhost", "Connection: close", "", "")
    assert status(client.talk("\r\n".join(lines).encode())) == code
    bare = f"GET http://{name}/metrics HTTP/1.0\r\n\r\n"
    assert status(client.talk(bare.encode())) == code
