"""Commands about an experiment that start nothing: check, plan, why, schema."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated

import typer

from concrete_cli.cli import complete
from concrete_cli.cli import options as o
from concrete_cli.cli.command import WORK_TO_DO, page, variable
from concrete_cli.execute import Request


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    page(app, "concrete check concrete.toml", 0, 3)(check)
    page(app, "concrete plan concrete.toml --set train.folds=3", 0, 3, WORK_TO_DO)(plan)
    page(app, "concrete why concrete.toml train_linear --set train.folds=3")(why)
    page(app, "concrete schema")(schema)


def check(
    context: typer.Context,
    experiment: o.Experiment = None,
    backend: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Check also what this backend cannot do: its settings, compute, parameters.",
            autocompletion=complete.backends,
            show_default=False,
        ),
    ] = "",
    origins: Annotated[
        bool, typer.Option("--origins", help="Print each value, and where it comes from.")
    ] = False,
    data: Annotated[
        bool, typer.Option("--data", help="Read all rows, and prepare and split them, too.")
    ] = False,
    set_: o.Set = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Check an experiment; run nothing.

    Every problem is shown at once, with file, line and column.
    """
    from concrete_cli import workspace
    from concrete_cli.commands import checking
    from concrete_cli.counts import counted
    from concrete_cli.view import experiments as view
    from concrete_cli.view import output, style

    facts = checking.check(experiment, tuple(set_ or ()), backend, data=data)
    if origins:
        by_variable = _origin(context, "set_")["place"]
        rows = checking.origins(experiment, tuple(set_ or ()), by_variable)
        place = workspace.home_of(Path(facts["file"]), home)
        for name, value in (("backend", backend or "local"), ("home", str(place))):
            rows.append({"key": f"--{name}", "value": value, **_origin(context, name)})
        view.origins(facts, rows, as_json=json)
    elif json:
        output.document(facts)
    else:
        output.warn([*facts["notices"], *facts.get("warnings", [])])
        counts = [counted(facts["steps"], "step")]
        counts += [counted(facts["rows"], "row")] if data else []
        print(f"{style.path(facts['file'])}: no problems, {', '.join(counts)}")
    return 0


def _origin(context: typer.Context, name: str) -> dict[str, str]:
    """Return where an option has its value from; `place` is the environment variable, if it is."""
    found = context.get_parameter_source(name)
    origin = found.name.lower() if found else "default"
    place = variable(name.rstrip("_")) if origin == "environment" else ""
    return {"origin": origin.replace("commandline", "command line"), "place": place}


def plan(
    experiment: o.Experiment = None,
    workflow: o.Workflow = "",
    backend: o.Backend = "local",
    set_: o.Set = None,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="Print a Mermaid diagram.")] = False,
    exit_code: Annotated[
        bool,
        typer.Option("--exit-code", help="Exit with 10 where steps would run, 0 where none would."),
    ] = False,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Show which steps would run, and why.

    Of each step: whether it would run or be reused, why, and how long it took last time.
    """
    from concrete_cli import execute
    from concrete_cli.commands import forecasts
    from concrete_cli.view import output

    prepared = execute.prepare(
        Request(workflow, experiment, home, backend, tuple(set_ or ()), dry=True)
    )
    if mermaid:
        print(forecasts.mermaid(prepared))
    else:
        output.forecast(prepared, as_json=json)
    work = exit_code and any(row["decision"] == "run" for row in forecasts.of(prepared))
    return WORK_TO_DO if work else 0


def why(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="[EXPERIMENT] STEP",
            help="The experiment, if it is not the nearest, and the step.",
            autocompletion=complete.steps,
        ),
    ],
    workflow: o.Workflow = "",
    set_: o.Set = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Show what has changed in a step's recipe.

    Each ingredient that is not as it was when the step last ran, from what to what.
    """
    from concrete_cli import execute
    from concrete_cli.commands import forecasts
    from concrete_cli.errors import UsageError
    from concrete_cli.view import output

    if len(names) > 2:
        raise UsageError("why takes an experiment and a step", help="concrete why --help")
    file = Path(names[0]) if len(names) > 1 else None
    prepared = execute.prepare(Request(workflow, file, home, sets=tuple(set_ or ()), dry=True))
    prepared.plan.step(names[-1])
    row = next(row for row in forecasts.of(prepared) if row["step"] == names[-1])
    if json:
        output.document(row)
    else:
        reason = [f"reused from {row['run']}: nothing has changed"] if row["run"] else row["why"]
        print("\n".join(reason))
    return 0


def schema(
    output: Annotated[
        str,
        typer.Option(
            metavar="COMMAND",
            help="The schema of what a command prints with --json: train, models list, error...",
            show_default=False,
        ),
    ] = "",
    json: o.Json = False,  # noqa: ARG001  what it prints is JSON in any case
    home: o.Home = None,  # noqa: ARG001  every command takes it
) -> int:
    """Print the JSON Schema of an experiment.

    Editors complete and check TOML with it. With --output, it is that of a document that a command
    prints with --json; `error` is that of every command that fails.
    """
    from concrete_cli import config
    from concrete_cli.commands import outputs

    made = outputs.schema(output) if output else config.schema()
    print(json_module.dumps(made, indent=2, ensure_ascii=False))
    return 0
