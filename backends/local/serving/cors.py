"""Pages of other sites that may ask from a browser: none, unless `[deploy] origins` names them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from concrete_cli.hosts import ANY

from .body import Refusal

Headers = list[tuple[bytes, bytes]]
ASKS = b"access-control-request-method"  # what only a preflight request has
PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"GET, POST"),
    (
        b"access-control-allow-headers",
        b"authorization, content-encoding, content-type, x-request-id",
    ),
    (b"access-control-max-age", b"600"),
]
VARY = (b"vary", b"origin")  # a cache must not give one site's answer to another


class Cors:
    """The origins that are allowed."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(origin.encode() for origin in origins)

    def headers(self, headers: Mapping[bytes, bytes]) -> Headers:
        """Return what an answer tells a browser."""
        if not self._origins:
            return []
        origin = headers.get(b"origin")
        if origin is None or not self._admits(origin):
            return [VARY]
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", b"x-request-id, retry-after"),
            VARY,
        ]

    def preflight(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether OPTIONS only asks if a page may ask; Refusal if it may not."""
        if ASKS not in headers:
            return False
        if not self._admits(headers.get(b"origin", b"")):
            raise Refusal(403, "pages of this site may not ask: see [deploy] origins")
        return True

    def _admits(self, origin: bytes) -> bool:
        return origin in self._origins or ANY.encode() in self._origins
