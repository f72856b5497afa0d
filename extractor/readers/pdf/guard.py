"""Runs the conversion in a child process that a malformed file may end without harm, with limits on its time and memory."""

import atexit
import contextlib
import json
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from array import array
from pathlib import Path
from typing import Any

from extractor.errors import InputError
from extractor.readers.pdf.spelling import Place

SECONDS = 8
WAIT = 20
"""Seconds after which a child is given up whatever it does; its processor time is bounded by itself (worker.SECONDS)."""
_LENGTH = struct.Struct("<Q")
_REASONS = {
    "password": "is an encrypted PDF that asks for a password: save a copy of it without one",
    "malformed": "is a damaged or incomplete PDF that cannot be read: fetch it again, or print it to a new PDF",
    "memory": "needs more memory than a report's PDF may (1 GB): print its pages to a new PDF",
    "time": f"takes longer than a report's PDF may ({SECONDS} s): print its pages to a new PDF",
    "ended": "is a malformed PDF that makes the PDF library stop: print it to a new PDF",
}


class _Child:
    """A running worker and the process that started it: a fork of that process must not talk to it."""

    def __init__(self) -> None:
        environment = {
            **os.environ,
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(p or str(Path.cwd()) for p in sys.path),
        }
        self.owner = os.getpid()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "extractor.readers.pdf.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=environment,
        )  # fmt: skip
        assert self.process.stdin and self.process.stdout
        self.to, self.back = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(self.to, False)

    def end(self) -> int:
        """Stop the process and say how it ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            # A process that has just died by itself says of what.
            return self.process.wait(timeout=0.5)
        self.process.kill()
        self.process.wait()
        return -signal.SIGXCPU

    def ask(self, content: bytes) -> "tuple[dict[str, Any], array[float]]":
        deadline = time.monotonic() + WAIT
        self._write(_LENGTH.pack(len(content)) + content, deadline)
        said = json.loads(self._read(_LENGTH.unpack(self._read(_LENGTH.size, deadline))[0], deadline))
        places = array("d")
        places.frombytes(self._read(_LENGTH.unpack(self._read(_LENGTH.size, deadline))[0], deadline))
        return said, places

    def _write(self, content: bytes, deadline: float) -> None:
        left = memoryview(content)
        while left:
            _, ready, _ = select.select([], [self.to], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            left = left[os.write(self.to, left[: 1 << 16]) :]

    def _read(self, count: int, deadline: float) -> bytes:
        parts: list[bytes] = []
        while count:
            ready, _, _ = select.select([self.back], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            part = os.read(self.back, min(count, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


_lock = threading.Lock()
_child: _Child | None = None


def guarded(content: bytes, name: str) -> tuple[dict[str, Any], list[list[Place]]]:
    """What the worker makes of a PDF: its answer and the places of each block's words. InputError says what is wrong with the file."""
    global _child  # noqa: PLW0603 - one child serves all files of a process: starting one takes as long as reading thirty pages
    with _lock:
        if _child is None or _child.owner != os.getpid() or _child.process.poll() is not None:
            _child = _Child()
        try:
            said, numbers = _child.ask(content)
        except (EOFError, BrokenPipeError, TimeoutError, ValueError):
            code = _child.end()
            _child = None
            raise InputError(f"{name} {_REASONS['time' if code == -signal.SIGXCPU else 'ended']}") from None
        except BaseException:
            # Interrupted between question and answer: the next answer would be that of this file.
            _child.process.kill()
            _child = None
            raise
    if "error" in said:
        if said["error"] == "pages":
            raise InputError(
                f"{name} has {said['count']} pages, more than a report may ({said['most']}): print its pages to a PDF of their own"
            )
        raise InputError(f"{name} {_REASONS[said['error']]}")
    return said, _places(said["counts"], numbers)


def _places(counts: list[int], numbers: "array[float]") -> list[list[Place]]:
    found: list[list[Place]] = []
    values = iter(numbers)
    rows = zip(values, values, values, values, values, values, values, strict=True)
    for count in counts:
        block = []
        for _ in range(count):
            start, end, page, x0, y0, x1, y1 = next(rows)
            block.append((int(start), int(end), int(page), x0, y0, x1, y1))
        found.append(block)
    return found


@atexit.register
def _stop() -> None:
    if _child is not None and _child.owner == os.getpid():
        _child.process.kill()
