"""Write a text and all that the inputs say, in their order, to out/text.txt."""

import argparse
import os
import sys
from pathlib import Path


def parser():
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--text", default="")
    parser.add_argument("--data", type=Path, nargs="*", default=[])
    parser.add_argument("--more", type=Path, nargs="*", default=[])
    parser.add_argument("--out", type=Path)
    return parser


def said(path):
    """Return the text of a file, or of the files in a folder."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return "".join(file.read_text() for file in files if file.is_file())


def main(args):
    print("says", args.text)
    print("warns", args.text, file=sys.stderr)
    if log := os.environ.get("TOY_LOG"):
        with Path(log).open("a") as file:
            file.write(f"{args.text}\n")
    if args.out:
        heard = [said(path) for path in (*args.data, *args.more)]
        (args.out / "text.txt").write_text(args.text + "".join(heard))


if __name__ == "__main__":
    main(parser().parse_args())
