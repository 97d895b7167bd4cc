"""The arguments and options that commands share; one name, one meaning, one help text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from concrete_cli.cli import complete

Experiment = Annotated[
    Path | None,
    typer.Argument(
        metavar="EXPERIMENT",
        help="The experiment; left out: the nearest concrete.toml.",
        show_default=False,
    ),
]
RunName = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="A run: its name, the beginning of it, its word, or `latest`.",
        autocompletion=complete.runs,
    ),
]
StepName = Annotated[
    str | None, typer.Argument(metavar="[STEP]", autocompletion=complete.steps, show_default=False)
]
Home = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Where concrete keeps its files; left out: .concrete beside the experiment.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Backend = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Where to run: local, azureml, azureml-v2, or module:attribute.",
        autocompletion=complete.backends,
    ),
]
Registry = Annotated[
    str,
    typer.Option(
        "--backend",
        metavar="NAME",
        help="Whose registry: local, azureml or azureml-v2.",
        autocompletion=complete.backends,
    ),
]
Called = Annotated[
    str,
    typer.Option(
        "--name",
        metavar="NAME",
        help="Left out: like the experiment and its workflow.",
        show_default=False,
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a value of the experiment; may be given again.",
        show_default=False,
    ),
]
Workflow = Annotated[
    str,
    typer.Option(
        metavar="WORKFLOW",
        help="train, finetune or run; else the first that the experiment describes.",
        show_default=False,
    ),
]
Jobs = Annotated[
    int,
    typer.Option(
        min=0, help="Processors to use; 0: all there are.", show_default=False, metavar="N"
    ),
]
Cold = Annotated[bool, typer.Option("--cold", help="A fresh interpreter for each step.")]
NoReuse = Annotated[bool, typer.Option("--no-reuse", help="Run every step anew.")]
Force = Annotated[
    list[str] | None,
    typer.Option(
        metavar="STEP",
        help="Run this step anew; may be given again.",
        autocompletion=complete.steps,
        show_default=False,
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would run; start nothing.")]
Into = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FOLDER",
        help="With --dry-run: a new folder for what would be sent.",
        show_default=False,
    ),
]
Report = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE",
        help="Write the report to this HTML file when the run has ended.",
        show_default=False,
    ),
]
Elsewhere = Annotated[
    str,
    typer.Option(
        "--backend",
        metavar="NAME",
        help="Where a run is that another machine has started; RUN is its handle then.",
        autocompletion=complete.backends,
        show_default=False,
    ),
]
Cloud = Annotated[
    str,
    typer.Option(
        "--backend",
        metavar="NAME",
        help="Which cloud: azureml or azureml-v2.",
        autocompletion=complete.backends,
        show_default=False,
    ),
]
Whose = Annotated[
    Path | None,
    typer.Option(
        "--experiment",
        metavar="FILE",
        help="The experiment that says where the backend is; left out: the nearest.",
        show_default=False,
    ),
]
Trust = Annotated[
    bool,
    typer.Option(
        "--trust-code",
        help="Run code that comes with a model from elsewhere: read it first.",
    ),
]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="Do not ask: for scripts.", show_default=False)
]
Detach = Annotated[
    bool, typer.Option("--detach", help="Return at once; the run goes on by itself.")
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing unless something is wrong.")
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print a line for each change, no live table.")
]


def agreed(what: str, *, yes: bool) -> bool:
    """Whether what cannot be taken back is to be done: asked on a terminal, said in a script."""
    import sys

    from concrete_cli.errors import UsageError

    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(what, help="--yes removes without asking, --dry-run only shows")
    print(what, file=sys.stderr)
    return typer.confirm("Remove?", err=True)


def cloud(given: str) -> str:
    """Return the backend that `Cloud` was given; it has no default, since none is the right one."""
    from concrete_cli.errors import UsageError

    if not given:
        raise UsageError("which cloud?", help="--backend azureml or azureml-v2")
    return given


def seconds(option: str, text: str) -> float:
    """Return the seconds that the duration given with an option means."""
    from concrete_cli import durations
    from concrete_cli.errors import UsageError

    try:
        return durations.parse(text)
    except ValueError as error:
        raise UsageError(f"{option} {text}: {error}", help="such as 30d, 12h, 10m") from None


def starts_nothing(dry_run: bool, into: Path | None) -> bool:
    """Whether nothing is to be started; a folder for what would be sent makes sense only then."""
    from concrete_cli.errors import UsageError

    if into and not dry_run:
        raise UsageError("--output is for --dry-run: without it, a run would start", help="add it")
    return dry_run
