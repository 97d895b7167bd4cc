"""Sources on the web: `URL#sha256=DIGEST`. What a URL holds may change, what a digest names cannot.

Secrets are never written down: where one is needed, the URL says `${NAME}`, and the environment
variable is put in only while the data are fetched.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from concrete_cli.errors import BackendUnavailable

URL = re.compile(r"(?!azureml:)[A-Za-z][A-Za-z0-9+.-]*://.+", re.DOTALL)
DIGEST = re.compile(r"[0-9a-f]{64}")
MARK = "#sha256="
VARIABLE = re.compile(r"\$\{(\w+)\}")
SECRETS = ("sig", "signature", "apikey", "api_key", "passwd", "password", "pwd", "secret")
# A path has lost the second slash.
LOGIN = re.compile(r"(?:(?<=://)|(?<=:/))([^/@\s:]*:)([^/@\s]+)(?=@)")
FIELD = re.compile(r"(?<=[?&])([^=&?\s\"'#]*)=")
VALUE = re.compile(r"[^&\s\"'#]*")
TAME = re.compile(r"[\w.][\w.\-]{0,99}", re.ASCII)


def is_url(text: str) -> bool:
    """Whether a source is on the web, or in a store that fsspec knows; Azure ML's own are not."""
    return bool(URL.fullmatch(text))


def is_named(text: str) -> bool:
    """Whether a source is a name that a backend looks up."""
    return text.startswith(("azureml:", "run:", "model:"))


def pinned(url: str, sha256: str) -> str:
    """Return a URL together with the digest of what it holds; one that has a digest keeps it."""
    return url if MARK in url or not sha256 else f"{url}{MARK}{sha256}"


def split(uri: str) -> tuple[str, str]:
    """Return the URL, and the digest of what it holds; that is empty where none is said."""
    url, _, sha256 = uri.partition(MARK)
    return url, sha256


def shown(uri: str) -> str:
    """Return a source as people want to see it: a URL without its digest."""
    return split(uri)[0] if is_url(uri) else uri


def filename(uri: str) -> str:
    """Return what the file is called here, by the end of the URL's path."""
    last = unquote(urlsplit(split(uri)[0]).path).rstrip("/").rpartition("/")[2]
    return last if TAME.fullmatch(last) and last.strip(".") else "source"


def problems(uri: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a source on the web, and what to do."""
    url, sha256 = split(uri)
    yield from digest_problems(url, sha256)
    yield from secrets(url)


def digest_problems(url: str, sha256: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the digest of a source on the web."""
    hint = f"`concrete pin {shlex.quote(hidden(url))}` prints it"
    if not sha256:
        text = "a URL needs the sha256 of what it holds: that may change, the experiment must not"
        yield text, hint
    elif not DIGEST.fullmatch(sha256):
        yield f"expected 64 digits 0-9 a-f, got {sha256!r}", hint


def secrets(url: str) -> Iterator[tuple[str, str]]:
    """Yield what in a URL would end up in records, and must not."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        yield f"this is no URL: {error}", ""
        return
    login = parts.netloc.rpartition("@")[0]
    user, _, password = login.partition(":")
    hint = "name an environment variable in its place, ${NAME}: it is put in while fetching"
    if password and not VARIABLE.fullmatch(password):
        yield f"the URL holds the password of {user!r}, and would be written down", hint
    for name, value in parse_qsl(parts.query):
        if _is_secret(name) and not VARIABLE.fullmatch(value):
            yield f"the URL holds a secret, {name!r}, and would be written down", hint


def hidden(text: str) -> str:
    """Return a text of the same length with stars in place of the secrets in its URLs."""
    text = LOGIN.sub(lambda login: login[1] + _starred(login[2]), text)
    pieces, done = [], 0
    for name in FIELD.finditer(text):
        value = VALUE.match(text, name.end())
        if value and name.start() >= done and _is_secret(name[1]):
            pieces += [text[done : name.end()], _starred(value[0])]
            done = value.end()
    return "".join([*pieces, text[done:]])


def _starred(value: str) -> str:
    return value if VARIABLE.fullmatch(value) else "*" * len(value)


def _is_secret(name: str) -> bool:
    """Whether a field of a query is called like a secret: sig, X-Amz-Signature, access_token."""
    name = name.lower().replace("-", "_")
    return name.endswith("token") or f"_{name}".endswith(tuple(f"_{word}" for word in SECRETS))


def without_secrets(value: Any) -> Any:
    """Return JSON data with stars in place of the secrets in the URLs of its texts."""
    if isinstance(value, str):
        return hidden(value)
    if isinstance(value, dict):
        return {name: without_secrets(one) for name, one in value.items()}
    return [without_secrets(one) for one in value] if isinstance(value, list | tuple) else value


def filled(url: str) -> str:
    """Return a URL with the environment variables that it names."""

    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if not found:
            hint = f"export {match[1]}=..."
            raise BackendUnavailable(f"{url} needs the variable {match[1]}, not set", help=hint)
        return found

    return VARIABLE.sub(value, url)


def masked(text: str, url: str) -> str:
    """Return a text without the values of the variables that a URL names."""
    for name in VARIABLE.findall(url):
        if value := os.environ.get(name):
            text = text.replace(value, f"${{{name}}}")
    return text
