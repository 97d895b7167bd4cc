"""A folder whose modules leave a trace, and end the process, when they are imported."""

from pathlib import Path

LIBRARIES = ("concrete_cli", "random", "json", "runpy", "pdb", "pandas", "uvicorn")
AT_START = ("site", "sitecustomize", "usercustomize")
TRAP = "import os\nopen(os.environ['TRAP'], 'a').write(__file__ + '\\n')\nos._exit(66)\n"


def folder(place: Path, monkeypatch) -> Path:
    """Make the folder and go there; return the file that stays away while nothing is imported."""
    place.mkdir()
    for name in (*LIBRARIES, *AT_START):
        (place / f"{name}.py").write_text(TRAP)
    trace = place.with_name("imported")
    monkeypatch.setenv("TRAP", str(trace))
    monkeypatch.chdir(place)
    return trace
