"""The one thing that is faked: where `requests` sends what the SDK asks for.

`install(address)` makes every request to a host of Azure's go to the emulator at `address`
(loopback) instead, with the host in front of the path. All else of the SDK stays as it is. The
file is copied beside `sitecustomize.py` for the processes of the steps, so it stands alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit, urlunsplit

LOOPBACK = ("127.0.0.1", "localhost")
VARIABLE = "CONCRETE_EMULATOR"


def install(address: str) -> Callable[[], None]:
    """Send the requests of this process to the emulator; the answer undoes it."""
    from requests.adapters import HTTPAdapter

    real = HTTPAdapter.send

    def send(self: HTTPAdapter, request: Any, *args: Any, **options: Any) -> Any:
        asked = urlsplit(request.url)
        if asked.hostname in LOOPBACK:
            return real(self, request, *args, **options)
        there = urlsplit(address)
        path = f"/{asked.netloc}{asked.path}"
        redirected = request.copy()
        redirected.url = urlunsplit((there.scheme, there.netloc, path, asked.query, ""))
        redirected.headers["Host"] = there.netloc
        response = real(self, redirected, *args, **(options | {"proxies": {}}))
        response.request, response.url = request, request.url
        return response

    HTTPAdapter.send = send  # type: ignore[method-assign]

    def undo() -> None:
        HTTPAdapter.send = real  # type: ignore[method-assign]

    return undo


def install_when_imported(address: str) -> None:
    """Do the same as soon as somebody imports `requests`: who never does pays nothing."""
    sys.meta_path.insert(0, _Waiting(address))


class _Waiting(MetaPathFinder):
    def __init__(self, address: str) -> None:
        self.address = address

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname != "requests.adapters":
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Patching(spec.loader, self.address)
        return spec


class _Patching(Loader):
    def __init__(self, real: Any, address: str) -> None:
        self.real, self.address = real, address

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.real.create_module(spec)  # type: ignore[no-any-return]

    def exec_module(self, module: ModuleType) -> None:
        self.real.exec_module(module)
        install(self.address)
