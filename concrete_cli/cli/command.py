"""What all commands have in common.

Each takes -q and --debug, and each of its options an environment variable: CONCRETE_BACKEND is
--backend. An option that holds one value is given once. Help pages look alike, see `pages`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from concrete_cli.cli import pages, streams

EVERYWHERE = ("json", "home", "quiet", "verbose", "debug", "help")  # listed last, and apart
WORK_TO_DO = 10  # what `plan --exit-code` ends with where steps would run
SILENT = (None, 0, WORK_TO_DO)  # the exit codes of what -q says nothing of
ADDED = {
    "quiet": (["--quiet", "-q"], "Print nothing unless something is wrong."),
    "debug": (["--debug"], "Log what is done, with times; show the traceback of an error."),
}


Function = TypeVar("Function", bound=Callable[..., Any])


class Command(TyperCommand):
    """A command, as all of them are."""

    def __init__(self, name: str | None, **words: Any) -> None:
        super().__init__(name, **words)
        self._added = _completed(self.params)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse an option that was given twice and has one value only."""
        _refuse_twice(ctx, self.make_parser(ctx).parse_args(list(args))[2])
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command, in silence with -q, and telling more with --debug."""
        return _carried_out(ctx, self._added, super().invoke)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page."""
        formatter.write("\n".join(_page(self, ctx, ())))


class Group(TyperGroup):
    """Commands below one name; `sections` puts them under titles."""

    sections: Mapping[str, Sequence[str]] = {}

    def __init__(self, **words: Any) -> None:
        super().__init__(**words)
        self._added = [] if self.sections else _completed(self.params)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse options before the name of a command: it would not see them."""
        _, rest, order = self.make_parser(ctx).parse_args(list(args))
        _refuse_twice(ctx, order)
        if rest and order and not self.sections:
            ctx.fail(f"{order[0].opts[0]} goes behind the command: {ctx.command_path} {rest[0]}")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named, or what the group does by itself."""
        return _carried_out(ctx, self._added, super().invoke)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page: the commands, each with the line that says what it does."""
        formatter.write("\n".join(_page(self, ctx, [*self._sections(ctx)])))

    def _sections(self, ctx: Any) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        names = self.list_commands(ctx)
        for title, wanted in (self.sections or {"Commands": names}).items():
            shown = [name for name in wanted if name in names]
            yield title, [(name, _summary(self.commands[name])) for name in shown]


def page(
    group: typer.Typer, example: str, *codes: int, name: str | None = None
) -> Callable[[Function], Function]:
    """Add a function to a group as a command; its help ends with an example and exit codes."""
    return group.command(name, cls=Command, epilog=pages.end(example, codes))


def group(name: str, example: str, *, alone: bool) -> typer.Typer:
    """Return a group of commands; `alone` says whether its name does something by itself."""
    return typer.Typer(
        name=name,
        cls=Group,
        epilog=pages.end(example, ()),
        invoke_without_command=alone,
        no_args_is_help=not alone,
        rich_markup_mode=None,
    )


def _summary(command: Any) -> str:
    return str((command.help or "").strip().partition("\n")[0])


def _completed(params: list[Any]) -> list[str]:
    """Add the options that every command takes, and variables; return the names of the new."""
    known = {param.name for param in params}
    added = [name for name in ADDED if name not in known]
    for name in added:
        words, help_ = ADDED[name]
        params.append(TyperOption(param_decls=[name, *words], is_flag=True, help=help_))
    for param in params:
        if isinstance(param, TyperOption):
            longest = max(param.opts, key=len)
            param.envvar = variable(longest)
            param.show_envvar = True
    return added


def variable(option: str) -> str:
    """Return the environment variable of an option: CONCRETE_BACKEND of --backend."""
    return f"CONCRETE_{option.lstrip('-').replace('-', '_').upper()}"


def _refuse_twice(ctx: Any, order: list[Any]) -> None:
    for param in order:
        opposite = not param.is_flag if isinstance(param, TyperOption) else False
        opposite = opposite or bool(getattr(param, "secondary_opts", ()))
        if opposite and not param.multiple and order.count(param) > 1:
            names = " and ".join([*param.opts, *param.secondary_opts])
            ctx.fail(f"{names} is given twice; it has one value")


def _carried_out(ctx: Any, added: list[str], invoke: Callable[[Any], Any]) -> Any:
    own = {name: ctx.params.pop(name) for name in added if name in ctx.params}
    given = ctx.params | own
    if not given.get("quiet") or given.get("json"):
        return invoke(ctx)
    with streams.silent(SILENT) as ended:
        return ended(invoke(ctx))


def _page(
    command: Any, ctx: Any, sections: Sequence[tuple[str, list[tuple[str, str]]]]
) -> Iterator[str]:
    yield from pages.usage(ctx.command_path, " ".join(command.collect_usage_pieces(ctx)))
    yield ""
    yield from pages.text(command.help or "")
    for title, rows in (*sections, *_parameters(command, ctx)):
        if rows:
            yield ""
            yield from pages.listed(title, rows)
    if command.epilog:
        yield ""
        yield from pages.wrapped_end(command.epilog)
    yield ""


def _parameters(command: Any, ctx: Any) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    params = command.get_params(ctx)
    rows = [(one, one.get_help_record(ctx)) for one in params]
    shown = [(one, record) for one, record in rows if record]
    arguments = [row for one, row in shown if one.param_type_name == "argument"]
    options = [(one, row) for one, row in shown if one.param_type_name == "option"]
    yield "Arguments", arguments
    own = [(one, row) for one, row in options if one.name not in EVERYWHERE or not ctx.parent]
    yield "Options", [row for _, row in own]
    common = [one for one in options if one not in own]
    common.sort(key=lambda one: EVERYWHERE.index(one[0].name))
    yield "Options of every command", [row for _, row in common]
