"""Bodies that come compressed: gzip, and never unpacked to more than a body may hold."""

from __future__ import annotations

import zlib

from .body import Refusal

GZIP = 31  # zlib's word for the format
MEMBERS = 16  # that one body may be made of


def unpack(raw: bytes, most: int) -> bytes | None:
    """Return what is in gzip data; None if it is more than `most` bytes."""
    found = bytearray()
    for _ in range(MEMBERS):
        member = zlib.decompressobj(wbits=GZIP)
        try:
            found += member.decompress(raw, most + 1 - len(found))
        except zlib.error:
            raise Refusal(400, "the body is not gzip data, as Content-Encoding says") from None
        if len(found) > most:
            return None
        if not member.eof:
            raise Refusal(400, "the gzip data of the body is cut off")
        raw = member.unused_data
        if not raw:
            return bytes(found)
    raise Refusal(400, f"the gzip data of the body has more than {MEMBERS} members")
