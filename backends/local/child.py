"""Being a step: what happens between a new process and the first line of the script.

The fork server's children call `run` with the libraries already imported; `--cold` starts this
module in a fresh interpreter. The script cannot tell the difference: it is `__main__`, has its own
arguments, working folder and process group, and what it prints goes to the step's log.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import io
import json
import os
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, NoReturn

from . import fresh, observe, preload, processes

LOST_OUTPUT = 120  # Python's own exit code when what was printed could not be written


def run(orders: Mapping[str, Any], environment: Mapping[str, str], parent: int) -> NoReturn:
    """Become the step that `orders` describe (see orders.Orders) and exit with its code."""
    code = 1
    imports = observe.Imports()
    try:
        _become(orders, environment, parent)
        imports.start()
        code = _end(_main(orders["script"]))
        imports.tell(orders["imported"])
    except BaseException as error:  # noqa: BLE001  whatever it is, the log must tell
        _tell(error)
    finally:
        os._exit(code)


def _become(orders: Mapping[str, Any], environment: Mapping[str, str], parent: int) -> None:
    os.setsid()
    processes.die_with(parent)
    processes.bear(orders["env"][processes.MARK])
    _redirect(orders["log"])
    os.chdir(orders["cwd"])
    os.environ.clear()
    os.environ.update(environment)
    _forget(orders)
    preload.settle(orders["modules"])
    fresh.import_from_text(orders["files"])
    _settle_libraries(orders["threads"])
    sys.argv = [orders["script"], *orders["argv"]]
    sys.path[:0] = [str(Path(orders["script"]).parent), *orders["path"]]
    observe.Observer(orders).start()


def _main(script: str) -> int:
    """Run the script as `python SCRIPT` does; return its exit code."""
    try:
        module = ModuleType("__main__")
        loader = fresh.FromText("__main__", script)
        vars(module).update(__file__=script, __builtins__=builtins, __loader__=loader)
        sys.modules["__main__"] = module
        exec(loader.get_code("__main__"), vars(module))  # noqa: S102  this is what it is for
    except SystemExit as error:
        return _exit_code(error)
    except BaseException as error:  # noqa: BLE001
        _tell(error)
        return 1
    return 0


def _exit_code(error: SystemExit) -> int:
    if error.code is None:
        return 0
    if isinstance(error.code, int):
        return error.code & 0xFF
    with contextlib.suppress(Exception):
        print(error.code, file=sys.stderr)
    return 1


def _end(code: int) -> int:
    """Do what the interpreter does at its end, apart from taking all modules to pieces."""
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001  waits for threads
    atexit._run_exitfuncs()  # noqa: SLF001  a script may rely on its own
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream and not stream.closed:
                stream.flush()
        except Exception as error:  # noqa: BLE001
            _tell(error)
            code = code or LOST_OUTPUT
    return code


def _tell(error: BaseException) -> None:
    """Print a traceback that begins in the script, even where it has closed its streams."""
    trace = _below(error.__traceback__)
    try:
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001
        text = "".join(traceback.format_exception(type(error), error, trace))
        with contextlib.suppress(OSError):
            os.write(2, text.encode(errors="backslashreplace"))


def _below(trace: TracebackType | None) -> TracebackType | None:
    while trace and trace.tb_frame.f_code.co_filename in (__file__, fresh.__file__):
        trace = trace.tb_next
    return trace


def _redirect(log: str) -> None:
    """Send fd 1 and 2 to the log, line by line, and read nothing."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for source, target in ((nothing, 0), (written, 1), (written, 2)):
        os.dup2(source, target)
    for source in (nothing, written):
        if source > 2:
            os.close(source)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)


def _forget(orders: Mapping[str, Any]) -> None:
    """Let the step's own modules go before those of the same name that are loaded already."""
    files = orders["files"].items()
    siblings = [name for name, path in files if path != orders["script"] and name.endswith(".py")]
    own = {name.partition("/")[0].removesuffix(".py") for name in siblings}
    own = {name for name in own if name in sys.modules and name != "__main__"}
    if not own:
        return  # to look at all names is to copy the pages on which they are
    for loaded in [name for name in sys.modules if name.partition(".")[0] in own]:
        del sys.modules[loaded]


def _settle_libraries(threads: int) -> None:
    """Give the libraries that are loaded already what they would have found in the environment."""
    if threads > 1 and "numpy" in sys.modules:
        with contextlib.suppress(ImportError):
            import threadpoolctl

            threadpoolctl.threadpool_limits(threads)
    if "numpy.random" in sys.modules:  # else all children of one parent draw the same numbers
        sys.modules["numpy.random"].seed()


if __name__ == "__main__":
    run(json.load(sys.stdin), dict(os.environ), int(sys.argv[1]))
