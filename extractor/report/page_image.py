"""The page of a PDF with the words of a fact marked, as a person would with a pen."""

import io

import pypdfium2 as pdfium
from PIL import Image, ImageDraw

from extractor.errors import InputError
from extractor.schema import BaseFact, Box

SCALE = 2
"""Pixels a point: fine enough to read."""
INK = {"head": (255, 200, 0, 110), "attribute": (0, 150, 255, 80), "time": (0, 170, 80, 80), "context": (150, 150, 150, 80)}


def drawn(content: bytes, fact: BaseFact, name: str) -> bytes:
    """A PNG of the page on which the first evidence of a fact stands, with all its evidence there marked by role.

    InputError where the fact stands on no page, or the file `name` is not the PDF the fact was read in.
    """
    page = fact.evidence[0].page
    if page is None:
        raise InputError(f"{fact.id} stands on no page: its report was no PDF")
    try:
        document = pdfium.PdfDocument(content)
        image = document[page - 1].render(scale=SCALE).to_pil().convert("RGBA")
    except (pdfium.PdfiumError, IndexError):
        raise InputError(f"{name}: has no page {page} to draw: name the PDF that the document was made from with --pdf") from None
    ink = Image.new("RGBA", image.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(ink)
    for evidence in fact.evidence:
        for box in evidence.boxes or ():
            if box.page == page:
                pen.rectangle(_pixels(box), fill=INK[evidence.role])
    out = io.BytesIO()
    Image.alpha_composite(image, ink).convert("RGB").save(out, format="PNG")
    return out.getvalue()


def _pixels(box: Box) -> tuple[float, float, float, float]:
    return box.x0 * SCALE - 1, box.y0 * SCALE - 1, box.x1 * SCALE + 1, box.y1 * SCALE + 1
