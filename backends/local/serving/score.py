"""POST /score: an ASGI app of its own, since nearly all requests come here."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qsl

from . import body, packed
from .batch import Batch
from .board import Slot
from .body import Receive, Refusal, Scope, Send
from .settings import Settings

SMALL = 16_384  # bytes; such a request is answered in less time than a thread takes to wake up
QUEUE = 8  # large requests of one worker that may wait for each other
JSON = "application/json"
ENCODE = json.JSONEncoder(allow_nan=False).encode


class Score:
    """Answers with the model that the bundle's own score.py has loaded."""

    def __init__(self, settings: Settings, score: Any, slot: Slot) -> None:
        self._settings = settings
        self._score = score
        self._model = score.LOADED["model"]
        self._model.signature.most_rows = settings.max_rows
        self._slot = slot
        self.batch = Batch(self._model)
        self._thread = ThreadPoolExecutor(1)
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        begin = time.perf_counter()
        zipped = _is_gzip(dict(scope["headers"]))
        intervals = _intervals(scope["query_string"])
        raw = await body.read(receive, self._settings.max_bytes, self._settings.read_timeout)
        try:
            answer = await self._compute(raw, zipped=zipped, intervals=intervals)
        except self._score.Rejected as error:
            raise Refusal(error.status, str(error)) from None
        rows = len(answer["predictions"])
        self._slot.add("rows", rows)
        self._slot.add("warnings", len(answer["warnings"]))
        took = round((time.perf_counter() - begin) * 1e3, 3)
        scope["concrete"] = {"rows": rows, "score_ms": took}
        await body.respond(send, 200, ENCODE(answer).encode() + b"\n")

    async def _compute(self, raw: bytes, *, zipped: bool, intervals: bool) -> dict[str, Any]:
        small = raw if len(raw) <= SMALL else None
        if zipped and small is not None:
            small = packed.unpack(small, SMALL)
        if small is not None:
            columns, warnings = self._model.read(small)
            predicted = await self.batch.predict(columns)
            answer: dict[str, Any] = self._model.document(predicted, warnings, intervals=intervals)
            return answer
        if self._waiting >= QUEUE:
            raise Refusal(503, "too many large requests wait already", {"retry-after": "1"})
        self._waiting += 1
        work = asyncio.get_running_loop().run_in_executor(
            self._thread, lambda: self._answer(raw, zipped=zipped, intervals=intervals)
        )
        work.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(work), self._settings.timeout)
        except TimeoutError:
            message = f"no answer within {self._settings.timeout:g} s: send fewer rows"
            raise Refusal(503, message, {"retry-after": "1"}) from None

    def _answer(self, raw: bytes, *, zipped: bool, intervals: bool) -> dict[str, Any]:
        """Return the answer to a large request; this runs in a thread."""
        whole = packed.unpack(raw, self._settings.max_bytes) if zipped else raw
        if whole is None:
            raise body.too_large(self._settings.max_bytes)
        answer: dict[str, Any] = self._model.answer(whole, intervals=intervals)
        return answer

    def _done(self, work: asyncio.Future[Any]) -> None:
        self._waiting -= 1
        work.exception()  # it was told already, or nobody waits for it any more


def _is_gzip(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a body is compressed; Refusal if that, or its type, is not known here."""
    given = headers.get(b"content-type", b"")
    if given != JSON.encode():
        kind, _, rest = given.decode("latin-1").lower().partition(";")
        charset = rest.strip().replace('"', "")
        if kind.strip() != JSON or charset not in ("", "charset=utf-8"):
            raise Refusal(415, f"the content type has to be {JSON}")
    encoding = headers.get(b"content-encoding", b"identity")
    if encoding == b"identity":
        return False
    if encoding.lower() not in (b"gzip", b"x-gzip"):
        message = "a body may be compressed with gzip, and with nothing else"
        raise Refusal(415, message, {"accept-encoding": "gzip"})
    return True


def _intervals(query: bytes) -> bool:
    if not query:
        return True
    given = [value for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True)
             if name == "intervals"]  # fmt: skip
    if given not in ([], ["true"], ["false"]):
        raise Refusal(422, "intervals is true or false")
    return given != ["false"]
