"""PDF: pages to an article's text, with the place of every word on paper.

    glyphs -> chains -> (furniture and figures away) -> gutters -> lines in order -> parts -> running text -> blocks

Everything is told from the geometry of the page; the order in the file is never trusted. The conversion runs in a child process
(`guard`, `worker`), since malformed files can make pdfium end the process that reads them.
"""

import re
import shutil
import subprocess

from extractor.errors import InputError
from extractor.readers.blocks import Article, Block, box_kind, source_of
from extractor.readers.pdf.bibliography import published
from extractor.readers.pdf.guard import guarded
from extractor.readers.pdf.place import boxes_of, located
from extractor.readers.pdf.spelling import Place
from extractor.schema import Source, Warning
from extractor.schema.source import Run

__all__ = ["MEDIA_TYPE", "boxes_of", "located", "read_pdf", "with_text_layer"]

MEDIA_TYPE = "application/pdf"
_OCR = "ocrmypdf"
_OCR_SECONDS = 1800
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"'<>\u201c\u201d|]+", re.IGNORECASE)
_PMID = re.compile(r"\bPMID:?\s*(\d{5,8})\b")
_PMCID = re.compile(r"\bPMC\d{5,8}\b")
_FRONT = 6000


def read_pdf(content: bytes, *, name: str) -> Source:
    """The article in a PDF; InputError says what is wrong with the file and what to do about it."""
    said, places = guarded(content, name)
    if not said["blocks"]:
        raise InputError(f"{name} is {_without_text(said)}")
    blocks = [_block(*block) for block in said["blocks"]]
    # An article names itself in its first words and in its running heads and feet; its references name others.
    front = said["furniture"][:_FRONT] + "\n" + "\n".join(b.text for b in blocks)[:_FRONT]
    doi, pmid, pmcid = _DOI.search(front), _PMID.search(front), _PMCID.search(front)
    journal, year = published(front)
    known = Article(
        said["title"], doi[0].rstrip(".,;:)]}") if doi else None, pmid[1] if pmid else None, pmcid[0] if pmcid else None,
        authors=tuple(said["authors"]), journal=journal, year=year,
    )  # fmt: skip
    warnings = _warnings(said["without_text"], said["cut"])
    source = source_of(blocks, name=name, content=content, media_type=MEDIA_TYPE, article=known, warnings=warnings)
    info = source.info.model_copy(update={"pages": said["pages"]})
    return source.model_copy(update={"info": info, "layout": _layout(source.text, blocks, places)})


def _block(text: str, kind: str, depth: int) -> Block:
    """A block as the worker told it; a box is of the kind that its words tell, as in other formats."""
    if kind != "box":
        return Block(text, kind, depth)
    return Block(text, box_kind(None, "", text), title="Box")


def with_text_layer(content: bytes, *, name: str) -> bytes:
    """A scan with the text that ocrmypdf reads in it; InputError where that program is not installed or fails."""
    program = shutil.which(_OCR)
    if program is None:
        raise InputError(f"{name} needs {_OCR}, which is not installed: install it (https://ocrmypdf.readthedocs.io), or leave --ocr out")
    try:
        done = subprocess.run(
            [program, "--quiet", "--skip-text", "-", "-"], input=content, capture_output=True, timeout=_OCR_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise InputError(f"{name} takes {_OCR} longer than {_OCR_SECONDS // 60} minutes: give it fewer pages") from None
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise InputError(f"{name} could not be read by {_OCR}: {reason[-1] if reason else 'it gave no reason'}")
    return done.stdout


def _without_text(said: dict[str, object]) -> str:
    remedy = "add --ocr" if shutil.which(_OCR) else f"install {_OCR} and add --ocr, or give a PDF with text"
    return f"a PDF without a text layer, such as a scan (needs-ocr): {remedy}"


def _warnings(pictures: list[int], cut: list[int]) -> list[Warning]:
    found = []
    if pictures:
        what = "is a picture" if len(pictures) == 1 else "are pictures"
        message = f"{_pages(pictures)} {what} without a text layer and could not be read: --ocr reads scans."
        found.append(Warning(code="needs-ocr", message=message))
    if cut:
        found.append(Warning(code="page-cut", message=f"{_pages(cut)} held more words than a page of text does: not all were read."))
    return found


def _pages(numbers: list[int]) -> str:
    listed = ", ".join(map(str, numbers[:10])) + (" and more" if len(numbers) > 10 else "")
    return f"Page {listed}" if len(numbers) == 1 else f"Pages {listed}"


def _layout(text: str, blocks: list[Block], places: list[list[Place]]) -> tuple[Run, ...]:
    """The places of the words in the whole text: the blocks stand in it in order, some left out."""
    runs: list[Run] = []
    at = 0
    for block, own in zip(blocks, places, strict=True):
        if not text.startswith(block.text, at):
            continue
        runs += [Run(start + at, end + at, page, *box) for start, end, page, *box in own]
        at += len(block.text)
        while text[at : at + 1] == "\n":
            at += 1
    return tuple(runs)
