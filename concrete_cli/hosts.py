"""Under which names, from which pages and below which path an endpoint is reached."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection
from pathlib import Path
from urllib.parse import urlsplit

NAME = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
ANY = "*"
LONGEST = 253  # characters of a name


def a_host(text: str) -> str:
    """Return a host name as a Host header holds it; *.example.com is all below, * is any name."""
    name = text.strip().removesuffix(".").lower()
    try:
        return str(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        pass
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            name = ""
    if name != ANY and not (len(name) <= LONGEST and NAME.fullmatch(name)):
        raise ValueError(
            "expected a host name without scheme and port, such as models.example.com, or"
            " *.example.com"
        )
    return name


def an_origin(text: str) -> str:
    """Return the origin of a page as browsers send it; * is any."""
    if text == ANY:
        return text
    try:
        parts = urlsplit(text)
        bare = (parts.scheme, parts.netloc) == (parts.scheme, parts.netloc.rpartition("@")[2])
        good = parts.scheme in ("http", "https") and parts.hostname and bare
        good = good and parts.port != 0 and parts.path in ("", "/")
    except ValueError:
        good = False
    if not good or "?" in text or "#" in text or not text.isascii():
        raise ValueError("expected an origin such as https://app.example.com, or *")
    standard = {"http": ":80", "https": ":443"}[parts.scheme]
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(standard)}"


def a_root_path(text: str) -> str:
    """Return the path below which a proxy shows an endpoint, without a slash at its end."""
    path = text.rstrip("/")
    if path and (not PATH.fullmatch(path) or {".", ".."} & set(path.split("/"))):
        raise ValueError("expected a path such as /models/strength")
    return path


def of_machine(table: Path = Path("/etc/hosts")) -> set[str]:
    """Return the names of this machine that are known without asking a name server."""
    own = socket.gethostname().lower()
    try:
        lines = table.read_text(encoding="utf-8", errors="replace").lower().splitlines()
    except OSError:
        lines = []
    known = [line.partition("#")[0].split()[1:] for line in lines]
    return {own, *(name for names in known if own in names for name in names)}


def admits(names: Collection[str], name: str) -> bool:
    """Whether a host name is one of these, or below one that begins with *."""
    if name in names or ANY in names:
        return True
    above = name.split(".")[1:]
    return any(f"*.{'.'.join(above[at:])}" in names for at in range(len(above)))
