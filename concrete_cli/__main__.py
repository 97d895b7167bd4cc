"""The `concrete` command. `--version` is answered before anything is imported."""

import sys

from concrete_cli import __version__


def main() -> None:
    """Run the command line that was typed and exit with its code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        print(f"concrete {__version__}")
        return
    from concrete_cli.cli import streams
    from concrete_cli.cli.app import run

    streams.hear_hang_up()
    code = run(sys.argv[1:])
    streams.let_go()
    sys.exit(code)


if __name__ == "__main__":
    main()
