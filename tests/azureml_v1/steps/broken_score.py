"""An entry script whose model cannot be loaded."""


def init():
    raise SystemExit("error: no such model")


def run(data):
    return data
