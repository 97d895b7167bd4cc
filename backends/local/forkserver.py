"""A process that imports the libraries once and starts a child for each step.

It only imports and never computes: after one OpenMP loop in the parent (an xgboost fit, say) the
same loop in a child hangs, because the threads of the pool are not forked. Imports go on while
nobody asks for anything, so that the first step starts as soon as its own libraries are there.
Lines of JSON over a socket:

    in   {"op": "environment", "env": {...}}           of whoever is connected
         {"op": "run", "ticket": 1, "orders": {...}}   fork a child (orders.Orders); "cold": true: a
                                                       fresh interpreter instead
         {"op": "signal", "ticket": 1, "number": 15}   signal its process group
         {"op": "preload", "modules": ["pandas"]}      import these when there is time
         {"op": "status"}, {"op": "quit"}              for `concrete warm`
    out  {"ticket": 1, "status": 0, "cpu": 1.2, "memory": 123456}     it has ended

It adopts whatever a step leaves behind, and ends it. When a connection closes, the children that it
asked for are killed, and then our end of it is closed too. Started on one connection it ends with
it; started on a listening socket (`concrete warm start`) it ends after idling.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import sys
import time
from typing import Any

from . import children, preload, processes, resident
from .session import Child, Session


class Server:
    """Imports, starts, waits."""

    def __init__(self, listener: socket.socket | None, idle: float | None = None) -> None:
        self.listener = listener
        self.idle = idle
        self.sessions: list[Session] = []
        self.children: dict[int, Child] = {}
        self.wanted: list[str] = []
        self.asked: set[str] = set()
        self.began = time.monotonic()
        self.selector = selectors.DefaultSelector()
        if listener:
            self.selector.register(listener, selectors.EVENT_READ)
        self.woken, self.wake = os.pipe()
        for end in (self.woken, self.wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.wake, warn_on_full_buffer=False)
        self.selector.register(self.woken, selectors.EVENT_READ)

    def join(self, connection: socket.socket) -> None:
        """Serve a connection."""
        session = Session(connection)
        self.sessions.append(session)
        self.selector.register(connection, selectors.EVENT_READ, session)

    def serve(self) -> None:
        """Serve until nobody is connected and nobody can or does connect."""
        while self.sessions or self.listener:
            ready = self.selector.select(0 if self.wanted else self._patience())
            for key, _ in ready:
                self._answer(key)
            self._reap()
            if not ready:
                if not self.wanted and not self.sessions:
                    return  # idled long enough
                self._import_next()

    def _patience(self) -> float | None:
        return self.idle if not self.sessions else None

    def _answer(self, key: selectors.SelectorKey) -> None:
        if key.fileobj is self.listener:
            self._welcome(self.listener.accept()[0])
        elif isinstance(key.data, Session):
            self._listen(key.data)
        else:
            with contextlib.suppress(BlockingIOError):
                os.read(self.woken, 4096)

    def _welcome(self, connection: socket.socket) -> None:
        if resident.same_user(connection):
            self.join(connection)
        else:
            connection.close()

    def _listen(self, session: Session) -> None:
        lines = session.lines()
        if lines is None:
            self._part_from(session)
            return
        for line in lines:
            message = json.loads(line)
            getattr(self, f"_on_{message.pop('op')}")(session, **message)

    def _on_environment(self, session: Session, env: dict[str, str]) -> None:
        session.environment = env

    def _on_run(
        self, session: Session, ticket: int, orders: dict[str, Any], *, cold: bool = False
    ) -> None:
        environment = session.environment | orders["env"]
        try:
            start = children.spawn if cold else self._fork
            pid = start(orders, environment)
        except OSError as error:
            children.refuse(orders, error)
            session.send(ticket=ticket, status=children.CANNOT_START, cpu=0, memory=0)
            return
        self.children[pid] = Child(session, ticket, environment[processes.MARK])

    def _on_signal(self, session: Session, ticket: int, number: int) -> None:
        for pid, one in self.children.items():
            if one.session is session and one.ticket == ticket:
                processes.signal_group(pid, number)

    def _on_preload(self, session: Session, modules: list[str]) -> None:  # noqa: ARG002
        self.wanted += [name for name in modules if name not in self.wanted]

    def _on_status(self, session: Session) -> None:
        loaded = sorted({name.partition(".")[0] for name in sys.modules if name in self.asked})
        seconds = round(time.monotonic() - self.began, 1)
        session.send(pid=os.getpid(), seconds=seconds, idle=self.idle, modules=loaded)

    def _on_quit(self, session: Session) -> None:  # noqa: ARG002
        if self.listener:
            self.selector.unregister(self.listener)
            self.listener.close()
            self.listener = None
        for one in list(self.sessions):
            self._part_from(one)

    def _part_from(self, session: Session) -> None:
        """End what a connection asked for, without a word: its end is not the steps' own."""
        theirs = [pid for pid, one in self.children.items() if one.session is session]
        works = {self.children.pop(pid).work for pid in theirs}
        for pid in theirs:
            processes.signal_group(pid, signal.SIGKILL)
        processes.kill_marked(works)
        self._reap()
        self._end_unmarked()
        self.selector.unregister(session.socket)
        session.socket.close()
        self.sessions.remove(session)

    def _end_unmarked(self) -> None:
        if not self.children:  # else it may belong to a step that runs
            children.end_unmarked()

    def _import_next(self) -> None:
        if self.wanted:
            self.asked.add(self.wanted[0])
            preload.load(self.wanted.pop(0))

    def _fork(self, orders: dict[str, Any], environment: dict[str, str]) -> int:
        return children.fork(orders, environment, self._let_go)

    def _let_go(self) -> None:
        """Close what belongs to the server, in a child."""
        signal.set_wakeup_fd(-1)
        for session in self.sessions:
            session.socket.close()
        if self.listener:
            self.listener.close()
        self.selector.close()
        os.close(self.woken)
        os.close(self.wake)

    def _reap(self) -> None:
        for pid, code, cpu, memory in children.ended():
            if one := self.children.pop(pid, None):
                if processes.children() - self.children.keys():
                    processes.kill_marked({one.work})
                    self._end_unmarked()
                one.session.send(ticket=one.ticket, status=code, cpu=cpu, memory=memory)


def main() -> None:
    """Serve the connection whose file descriptor is given, or listen on a socket for a while."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the runner to act on
    gc.disable()  # imports make no garbage worth a search
    processes.adopt_orphans()
    descriptor = int(sys.argv[1])
    os.set_inheritable(descriptor, False)  # noqa: FBT003  whoever holds it hides our end
    if len(sys.argv) > 2:
        server = Server(socket.socket(fileno=descriptor), float(sys.argv[2]))
    else:
        server = Server(None)
        server.join(socket.socket(fileno=descriptor))
    server.serve()


if __name__ == "__main__":
    main()
