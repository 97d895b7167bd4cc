import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import netguard


def forget():
    Path(os.environ[netguard.LOG]).unlink()


def test_other_hosts_are_out_of_reach():
    with pytest.raises(netguard.NetworkBlockedError, match=r"example\.org"):
        socket.create_connection(("example.org", 80))
    with (
        socket.socket() as client,
        pytest.raises(netguard.NetworkBlockedError, match=r"192\.0\."),
    ):
        client.connect(("192.0.2.1", 80))
    forget()


def test_loopback_works():
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(("localhost", server.getsockname()[1])),
    ):
        pass


def test_children_are_guarded_too():
    code = "import socket; socket.create_connection(('example.org', 80))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "NetworkBlockedError: a test tried to reach example.org" in done.stderr
    forget()


def test_swallowed_attempt_is_noted():
    with contextlib.suppress(netguard.NetworkBlockedError):
        socket.getaddrinfo("example.org", 80)
    log = Path(os.environ[netguard.LOG])
    assert log.read_text() == "socket.getaddrinfo example.org\n"
    log.unlink()


def test_home_is_empty():
    assert Path.home() == Path(os.environ["HOME"])
    assert not list(Path.home().iterdir())
