"""The command line as a whole: its commands, and the one place where errors become exit codes."""

from __future__ import annotations

import contextlib
import functools
import os
import shlex
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

import typer
from typer.exceptions import Abort, TyperException

from concrete_cli import __version__, home, permissions
from concrete_cli.cli import command, crash, pages, refused, streams
from concrete_cli.errors import ConcreteError, Interrupted, UsageError
from concrete_cli.sources import urls

# The modules and the commands that each adds. Only the module of the command that was typed is
# imported: all of them take longer than a run that reuses all.
COMMANDS = {
    "train": ("train",),
    "finetune": ("finetune",),
    "score": ("score",),
    "deploy": ("deploy",),
    "endpoints": ("endpoints", "invoke"),
    "models": ("models",),
    "carry": ("models",),
    "reproduce": ("reproduce",),
    "own": ("init", "run"),
    "experiments": ("check", "plan", "why", "schema"),
    "pin": ("pin",),
    "runs": ("runs", "show", "logs", "compare", "resume", "cancel", "gc"),
    "cloud": ("rehearse", "publish", "fetch"),
    "schedules": ("schedule", "schedules"),
    "report": ("report",),
    "machine": ("doctor",),
    "warm": ("warm",),
}
# How help lists them.
SECTIONS = {
    "Experiment": (
        *("init", "check", "plan", "why", "train", "finetune", "run"),
        *("pin", "schema"),
    ),
    "Runs": ("runs", "show", "logs", "report", "compare", "resume", "cancel", "fetch", "gc"),
    "Models": ("models", "score", "reproduce"),
    "Serving": ("deploy", "endpoints", "invoke"),
    "Cloud and timetable": ("rehearse", "publish", "schedule", "schedules"),
    "Machine": ("doctor", "warm"),
}
HELP = """
Run one TOML experiment here, or in a cloud.

`concrete COMMAND --help` shows the options of a command, and an example.
"""


class Commands(command.Group):
    """All commands, under titles."""

    sections = SECTIONS


app = typer.Typer(
    name="concrete",
    cls=Commands,
    help=HELP,
    epilog=pages.end("concrete train concrete.toml", sorted(pages.CODES)),
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _concrete(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", "-V", help="Print the version."),
) -> None:
    if version:
        from concrete_cli import __version__

        print(f"concrete {__version__}")
        raise typer.Exit
    del context


def run(argv: Sequence[str]) -> int:
    """Run a command line; return its exit code. Nothing else catches errors."""
    with permissions.private(), home.command():
        return _run(argv)


def _run(argv: Sequence[str]) -> int:
    streams.steady()
    streams.listen_to_log()
    as_json = _asked(argv, "--json")
    if _asked(argv, "--debug"):
        streams.log_all()
    words = urls.hidden(shlex.join(argv))
    streams.LOG.debug("concrete %s, Python %s: %s", __version__, sys.version.split()[0], words)
    try:
        add_commands(argv[0] if argv else "")
        return _invoke(argv)
    except ConcreteError as error:
        if _asked(argv, "--debug"):
            print(urls.hidden(traceback.format_exc()), file=sys.stderr)
        return _show(error, as_json=as_json)
    except KeyboardInterrupt:
        return _show(Interrupted("interrupted"), as_json=as_json)
    except BrokenPipeError:
        return _reader_has_gone()
    except OSError as error:
        if lost := refused.by_stdout(error):
            return _show(lost, as_json=False)
        if known := refused.told(error):
            return _show(known, as_json=as_json)
        return _bug(error)
    except Exception as error:  # noqa: BLE001  the last one to catch it
        return _bug(error)


def _asked(argv: Sequence[str], flag: str) -> bool:
    """Whether a flag is on the command line, or in its environment variable."""
    said = os.environ.get(command.variable(flag), "")
    return flag in argv or said.lower() in ("1", "true", "t", "yes", "y", "on")


def add_commands(wanted: str = "") -> None:
    """Let the modules that have the wanted command add theirs; all of them, if none has it."""
    modules = [name for name, commands in COMMANDS.items() if wanted in commands]
    for name in modules or COMMANDS:
        _add(name)


@functools.cache
def _add(module: str) -> None:
    import_module(f"concrete_cli.cli.{module}").register(app)


def _invoke(argv: Sequence[str]) -> int:
    try:
        code = app(list(argv), prog_name="concrete", standalone_mode=False)
        sys.stdout.flush()
    except Abort:
        raise KeyboardInterrupt from None
    except SystemExit:  # this is what the library makes of a reader that has gone
        raise BrokenPipeError from None
    except TyperException as error:
        if not argv or type(error).__name__ == "NoArgsIsHelpError":  # its message is the help
            print(error.format_message(), file=sys.stderr)
            return UsageError.exit_code
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "concrete"
        raise UsageError(error.format_message(), help=f"{path} --help") from None
    return code if isinstance(code, int) else 0


def _show(error: ConcreteError, *, as_json: bool) -> int:
    with contextlib.suppress(OSError):  # a reader that has gone, no room for what is printed
        from concrete_cli.view import errors

        errors.show(error, as_json=as_json)
    return error.exit_code


def _reader_has_gone() -> int:
    """`concrete runs | head -1` is no error; keep the interpreter's last flush from saying so."""
    refused.drop_stdout()
    return 0


def _bug(error: Exception) -> int:
    text = urls.hidden("".join(traceback.format_exception(error)))
    place = crash.keep(text)
    told = ConcreteError(
        f"this is a bug in concrete: {type(error).__name__}: {error}",
        help=f"the report is in {place}; please send it" if place else text,
    )
    if _asked(sys.argv[1:], "--debug"):
        print(text, file=sys.stderr)
    return _show(told, as_json=_asked(sys.argv[1:], "--json"))
