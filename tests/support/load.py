"""Clients that ask an endpoint without a pause, and note what they get."""

from __future__ import annotations

import http.client
import json
import threading
from typing import Self

from served import Client


class Load:
    """Clients whose connections stay open; `cut` counts requests that got no answer.

    `wrong` holds answers that were not the expected one, and says so when a connection was cut
    before its first answer: that one had been accepted.
    """

    def __init__(self, client: Client, row: dict, clients: int = 4) -> None:
        self.right = self.cut = 0
        self.wrong: list = []
        self.statuses: dict[int, int] = {}
        self._client = client
        self._body = json.dumps({"data": [row]})
        self._end = threading.Event()
        self._expected = client.score(row).json()["predictions"]
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        connection = http.client.HTTPConnection(self._client.host, self._client.port, timeout=20)
        try:
            while not self._end.is_set() and self._ask_once(connection):
                pass
        finally:
            connection.close()

    def _ask_once(self, connection: http.client.HTTPConnection) -> bool:
        """Return whether the endpoint is still there."""
        key, fresh = self._client.key, connection.sock is None
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        try:
            connection.request("POST", "/score", self._body, headers)
            answer = connection.getresponse()
            found = json.loads(answer.read())
        except ConnectionRefusedError:
            return False
        except (OSError, http.client.HTTPException):
            self.cut += 1
            if fresh:
                self.wrong.append("a new connection was cut")
            connection.close()
            return True
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        self.right += answer.status == 200
        if answer.status == 200 and found["predictions"] != self._expected:
            self.wrong.append(found)
        return True  # http.client opens a new connection when the answer said `close`
