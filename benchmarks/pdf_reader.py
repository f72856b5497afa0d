"""Pages a second of the PDF reader and of others, and how much of an article each reads in order; writes benchmarks/pdf_reader.json.

    python benchmarks/pdf_reader.py DOCUMENTS [PDF ...]

DOCUMENTS is a folder with `pdf/` (a PDF and the publisher's XML of the same article) and `jats/`; further PDFs count for speed only.
pypdf and pdfminer.six (`pip install --constraint constraints.txt '.[bench]'`) are compared where they are installed.
"""

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
from rapidfuzz.distance import LCSseq

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from pdf.generate import article  # noqa: E402 - the tests' folder is no package
from pdf.measure import expected, measure, tokens  # noqa: E402

from extractor.readers.pdf import read_pdf  # noqa: E402
from extractor.readers.pdf.convert import convert  # noqa: E402

ROUNDS = 5


def by_pdfium(content: bytes) -> str:
    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(content))


def by_pypdf(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in import_module("pypdf").PdfReader(BytesIO(content)).pages)


def by_pdfminer(content: bytes) -> str:
    return str(import_module("pdfminer.high_level").extract_text(BytesIO(content)))


OTHERS: dict[str, Callable[[bytes], str]] = {"pypdfium2": by_pdfium, "pypdf": by_pypdf, "pdfminer.six": by_pdfminer}


def main() -> int:
    folder, more = Path(sys.argv[1]), [Path(p).read_bytes() for p in sys.argv[2:]]
    real = next((folder / "pdf").glob("*.pdf")).read_bytes()
    running, others, headings = expected(article(next((folder / "pdf").glob("*.xml"))))
    start = started(real)
    source = read_pdf(real, name="article.pdf")
    found = measure(source, running, others, headings)
    result: dict[str, Any] = {
        "extractor": {
            "recall": round(found.recall, 4), "precision": round(found.precision, 4),
            "precision in any order": round(found.any_order, 4), "headings missing": len(found.missing),
            "pages a second": speed(convert, [real, *more]), "seconds to start the child process": start,
        }
    }  # fmt: skip
    for name, read in OTHERS.items():
        try:
            got = tokens(read(real))
        except ImportError:
            continue
        common = LCSseq.similarity(tokens(running), got)
        result[f"{name} {version(name)}"] = {
            "recall": round(common / len(tokens(running)), 4), "precision": round(common / len(got), 4),
            "pages a second": speed(read, [real, *more]),
        }  # fmt: skip
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    (ROOT / "benchmarks" / "pdf_reader.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


def started(content: bytes) -> float:
    """Seconds that the first reading of a process takes longer than the next ones, for its child process starts; on the wall's clock."""
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        read_pdf(content, name="article.pdf")
        times.append(time.perf_counter() - begin)
    return round(times[0] - min(times[1:]), 2)


def speed(read: Callable[[bytes], object], files: list[bytes]) -> float:
    """Pages for each second of processor time, the best of some rounds."""
    pages = sum(len(pypdfium2.PdfDocument(content)) for content in files)
    best = min(_seconds(read, files) for _ in range(ROUNDS))
    return round(pages / best, 1)


def _seconds(read: Callable[[bytes], object], files: list[bytes]) -> float:
    begin = time.process_time()
    for content in files:
        read(content)
    return time.process_time() - begin


if __name__ == "__main__":
    sys.exit(main())
