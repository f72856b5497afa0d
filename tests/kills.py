"""Kill a batch with signal 9 at each point where it touches the disk, run it again, and compare with one that was never interrupted.

    python tests/kills.py FOLDER json|jsonl

Prints how many points there were. Each try is a process of its own, forked from this one, which has one thread.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

from batches import reports, run, small_shards, tree

WRITES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "tempfile.mkstemp")
TEXTS = {"a": "1", "b": "two", "c": "bad", "d": "4", "e": "5", "f": "two", "g": "7"}


def killed_at(point: int, work) -> bool:
    """Whether the work was killed at its n-th touch of the disk, rather than ending before."""
    child = os.fork()
    if child == 0:
        left = point

        def count(event: str, arguments: tuple) -> None:
            nonlocal left
            if event in WRITES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        work()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def main() -> int:
    folder, form = Path(sys.argv[1]), sys.argv[2]
    small_shards()
    texts = reports(folder / "in", TEXTS)
    run([texts], folder / "whole", form)
    expected = tree(folder / "whole")
    for point in range(1, 1000):
        output = folder / "killed"
        shutil.rmtree(output, ignore_errors=True)
        again = killed_at(point, lambda: run([texts], output, form))  # noqa: B023 - called at once
        if not again:
            print(point - 1)
            return 0
        if point % 3 == 0:  # Killed twice.
            killed_at(point // 2, lambda: run([texts], output, form))  # noqa: B023 - called at once
        run([texts], output, form)
        if tree(output) != expected:
            print(f"killed at {point}: {sorted(set(tree(output)) ^ set(expected))}", file=sys.stderr)
            return 1
    return 1


if __name__ == "__main__":
    sys.exit(main())
