"""Bytes from a URL, in pieces: http(s) by the standard library, what else there is by fsspec."""

from __future__ import annotations

import base64
import hashlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from email.message import Message
from importlib import import_module
from typing import IO, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from concrete_cli import __version__
from concrete_cli.errors import BackendUnavailable, ConcreteError, NotFound
from concrete_cli.sources import urls

BLOCK = 1 << 20
TIMEOUT = 30.0  # seconds without a byte
PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds; how long to wait before the next try
LONGEST = 30.0  # seconds; a server that wants us to wait longer is taken for closed
BUSY = (408, 429, 500, 502, 503, 504)
GONE = (404, 410)
CLOSED = (401, 403)
DRIVERS = {  # what fsspec wants beside itself
    **dict.fromkeys(("s3", "s3a"), "s3fs"),
    **dict.fromkeys(("gs", "gcs"), "gcsfs"),
    **dict.fromkeys(("abfs", "abfss", "az", "adl"), "adlfs"),
}


class _Passing(Exception):
    """Bad weather: it may be over at the next try, after `pause` seconds if the server says so."""

    def __init__(self, why: str, pause: float = 0) -> None:
        super().__init__(why)
        self.pause = pause


def fetch(url: str, file: IO[bytes]) -> str:
    """Write what a URL holds into a file, which need not be empty; return its sha256.

    Raises NotFound, or BackendUnavailable with the reason in one line and no secret in it.
    """
    read = _of_http if urlsplit(url).scheme.lower() in ("http", "https") else _of_fsspec
    full = urls.filled(url)
    pauses = iter(PAUSES)
    while True:
        file.seek(0)
        file.truncate()
        found = hashlib.sha256()
        try:
            for piece in read(url, full):
                file.write(piece)
                found.update(piece)
        except _Passing as problem:
            pause = next(pauses, None)
            if pause is None or problem.pause > LONGEST:
                told = f"cannot fetch {url}: {urls.masked(str(problem), url)}"
                raise BackendUnavailable(told, help="try again later") from None
            time.sleep(max(problem.pause, pause))
        else:
            return found.hexdigest()


def _of_http(url: str, full: str) -> Iterator[bytes]:
    try:
        with closing(urllib.request.urlopen(_request(full), timeout=TIMEOUT)) as answer:  # noqa: S310  http(s)
            yield from _body(answer)
    except urllib.error.HTTPError as error:
        error.close()
        raise _refusal(url, error.code, str(error.reason), error.headers) from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError | ConnectionResetError):
            raise _Passing(str(error.reason)) from None
        raise _lost(url, error.reason) from None
    except (TimeoutError, ConnectionResetError, http.client.HTTPException) as error:
        raise _Passing(_words(error)) from None
    except (ValueError, OSError) as error:
        raise _lost(url, error) from None


def _request(full: str) -> urllib.request.Request:
    parts = urlsplit(full)
    login, _, host = parts.netloc.rpartition("@")
    plain = urlunsplit((parts.scheme, host, parts.path or "/", parts.query, ""))
    request = urllib.request.Request(plain, headers={"User-Agent": f"concrete/{__version__}"})  # noqa: S310  http(s)
    if login:
        code = base64.b64encode(unquote(login).encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {code}")
    return request


def _body(answer: Any) -> Iterator[bytes]:
    wanted, came = answer.headers.get("Content-Length"), 0
    while piece := answer.read(BLOCK):
        came += len(piece)
        yield piece
    if wanted and came != int(wanted):
        raise _Passing(f"the connection broke after {came} of {wanted} bytes")


def _refusal(url: str, code: int, reason: str, headers: Message) -> Exception:
    told = " ".join(f"{code} {reason}".split())
    if code in BUSY:
        after = headers.get("Retry-After", "")
        return _Passing(told, float(after) if after.isdecimal() else 0)
    if code in GONE:
        return NotFound("file", url, help=f"the server says {told}")
    hint = "is the URL right?"
    if code in CLOSED:
        hint = "a token belongs in the environment: ...?token=${NAME} in the URL"
    return BackendUnavailable(f"cannot fetch {url}: {urls.masked(told, url)}", help=hint)


def lacking(uri: str) -> tuple[str, str] | None:
    """Return what has to be installed before a URL can be read, and how; None if nothing."""
    from importlib.util import find_spec

    scheme = urlsplit(uri).scheme.lower()
    if scheme in ("http", "https"):
        return None
    if find_spec("fsspec") is None:
        return f"{scheme}:// needs fsspec", "pip install 'concrete-cli[fsspec]'"
    driver = DRIVERS.get(scheme)
    if driver and find_spec(driver) is None:
        return f"{scheme}:// needs {driver}", f"pip install {driver}"
    return None


def _of_fsspec(url: str, full: str) -> Iterator[bytes]:
    scheme = urlsplit(url).scheme
    try:
        fsspec: Any = import_module("fsspec")
    except ModuleNotFoundError:
        hint = "pip install 'concrete-cli[fsspec]'"
        raise BackendUnavailable(f"{scheme}:// needs fsspec", help=hint) from None
    try:
        with fsspec.open(full, "rb") as file:
            while piece := file.read(BLOCK):
                yield piece
    except FileNotFoundError:
        raise NotFound("file", url, help="is the URL right?") from None
    except TimeoutError as error:
        raise _Passing(_words(error)) from None
    except ImportError as error:
        hint = f"install what fsspec wants for {scheme}://"
        raise BackendUnavailable(f"cannot fetch {url}: {_words(error)}", help=hint) from None
    except ConcreteError:
        raise
    except Exception as error:  # noqa: BLE001  each store has exceptions of its own
        raise _lost(url, error) from None


def _lost(url: str, why: Any) -> BackendUnavailable:
    told = urls.masked(_words(why), url)
    hint = "is the URL right? is there a network, or a proxy to name in HTTPS_PROXY?"
    return BackendUnavailable(f"cannot fetch {url}: {told}", help=hint)


def _words(why: Any) -> str:
    """Return one line that says what happened."""
    text = getattr(why, "strerror", None) or str(why) or type(why).__name__
    return " ".join(text.split())[:300]
