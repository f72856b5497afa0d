"""The child process that runs pdfium: a PDF comes in at standard input, its blocks and places go out at standard output.

`python -m extractor.readers.pdf.worker` serves one PDF after another until its input ends. Each message is a length and that many
bytes; an answer is two of them, a JSON object and the places as numbers.
"""

import contextlib
import gc
import json
import os
import struct
from typing import Any, BinaryIO

import numpy as np
import pypdfium2 as pdfium
from pypdfium2 import raw

from extractor.readers.pdf.convert import MOST_PAGES, Converted, TooManyPages, convert

SECONDS = 8
MEMORY = 1 << 30
_LENGTH = struct.Struct("<Q")


def main() -> None:
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # What a library prints must not mix with the answers.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    _limit_memory()
    # What one file needs is let go as a whole after it: looking for cycles meanwhile costs a tenth of the time.
    gc.disable()
    while (head := source.read(_LENGTH.size)) and len(head) == _LENGTH.size:
        _limit_time()
        said, places = _answer(source.read(_LENGTH.unpack(head)[0]))
        _send(sink, json.dumps(said).encode())
        _send(sink, places)
        sink.flush()
        gc.collect()


def _answer(content: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        return _packed(convert(content))
    except TooManyPages as error:
        return {"error": "pages", "count": error.args[0], "most": MOST_PAGES}, b""
    except pdfium.PdfiumError as error:
        secret = getattr(error, "err_code", None) in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        return {"error": "password" if secret else "malformed"}, b""
    except MemoryError:
        return {"error": "memory"}, b""
    except (ValueError, IndexError, OverflowError, RecursionError, ArithmeticError) as error:
        # A file that breaks our own reading of its geometry is as malformed to the user as one that pdfium refuses.
        return {"error": "malformed", "detail": f"{type(error).__name__}: {error}"}, b""


def _packed(found: Converted) -> tuple[dict[str, Any], bytes]:
    numbers = np.round(np.array([place for block in found.places for place in block], dtype=np.float64), 2)
    said = {
        "blocks": found.blocks, "counts": [len(block) for block in found.places], "pages": found.pages, "title": found.title,
        "authors": found.authors,
        "furniture": found.furniture, "without_text": found.without_text,
        "cut": found.cut,
    }  # fmt: skip
    return said, numbers.tobytes()


def _send(sink: BinaryIO, content: bytes) -> None:
    sink.write(_LENGTH.pack(len(content)))
    sink.write(content)


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_time() -> None:
    """So many seconds of processor time from now on; the system ends the process after them."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415

        usage = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime) + SECONDS + 1, hard))


if __name__ == "__main__":
    main()
