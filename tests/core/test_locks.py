"""Who holds a lock file, and for how long."""

import subprocess
import sys

from concrete_cli import locks


def test_a_lock_is_held_by_one_and_goes_with_its_process(tmp_path):
    path = tmp_path / "lock"
    code = (
        "import sys, time; from pathlib import Path; from concrete_cli import locks\n"
        "with locks.hold(Path(sys.argv[1])) as held: print(held, flush=True); time.sleep(60)"
    )
    assert not locks.is_held(path)
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"True\n"
        assert locks.is_held(path)
        with locks.hold(path) as held:
            assert not held
        with locks.hold(path, shared=True) as held:
            assert not held
        other.kill()
    assert not locks.is_held(path)
    with locks.hold(path) as held:
        assert held
        assert locks.is_held(path)


def test_shared_locks_go_together(tmp_path):
    path = tmp_path / "lock"
    with locks.hold(path, shared=True) as one, locks.hold(path, shared=True) as two:
        assert (one, two) == (True, True)
        assert not locks.is_held(path)
        with locks.hold(path) as alone:
            assert not alone
