"""Requests that come at the same moment are predicted together: eight cost little more than one.

Nobody waits for others: what has been read when the event loop comes round is one batch. A row's
prediction does not depend on the rows beside it, so the answers are those it would get alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

Asked = tuple[dict[str, list[Any]], int, asyncio.Future[Any]]
MOST = 32  # rows of one batch


class Batch:
    """The requests of this moment."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._waiting: list[Asked] = []
        self.asked: Collection[Any] = ()  # the requests that are being answered, once known

    async def predict(self, columns: dict[str, list[Any]]) -> Any:
        """Return one float per row."""
        rows = len(next(iter(columns.values())))
        if not self._model.quick or rows > MOST or len(self.asked) == 1:
            return self._model.predict(columns)
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._flush)
        found: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((columns, rows, found))
        return await found

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        while waiting:
            together, rows = 1, waiting[0][1]
            while together < len(waiting) and rows + waiting[together][1] <= MOST:
                rows += waiting[together][1]
                together += 1
            self._predict(waiting[:together])
            del waiting[:together]

    def _predict(
        self, requests: list[tuple[dict[str, list[Any]], int, asyncio.Future[Any]]]
    ) -> None:
        first, *others = requests
        columns = first[0]
        if others:
            columns = {
                name: [value for given, _, _ in requests for value in given[name]]
                for name in columns
            }
        try:
            predicted = self._model.predict(columns)
        except Exception as error:  # noqa: BLE001  it belongs to one of them
            if others:
                for request in requests:
                    self._predict([request])
            elif not first[2].done():
                first[2].set_exception(error)
            return
        begin = 0
        for _, rows, found in requests:
            if not found.done():  # its peer may have hung up
                found.set_result(predicted[begin : begin + rows])
            begin += rows
