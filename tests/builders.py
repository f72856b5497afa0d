"""One report in several formats: a text's paragraphs as JATS, HTML, EPUB, BioC and DOCX, for the tests of the readers."""

import io
import json
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

PLACE = re.compile(r"(?<= )\(((?:\d{1,2}[,\u2013 ]*)+)\)")


@dataclass(frozen=True)
class Part:
    """A stretch of an article: "title", "abstract", "heading", "paragraph", "figure" or "table" (caption, then rows of cells)."""

    kind: str
    text: str
    rows: tuple[tuple[str, ...], ...] = ()


def parts_of(text: str) -> list[Part]:
    """The parts of the corpus article's text export."""
    title = re.search(r"\[image: Cover: ([^\]]+)\]", text)
    assert title
    parts = [Part("title", title[1])]
    lines = [line.strip() for line in text[text.index("[image: Frontiers: Stamp") :].splitlines()[1:] if line.strip()]
    cells: list[str] = []
    for line in lines:
        if re.match(r"\d \w", line) and len(line) < 90:
            parts.append(Part("heading", line))
        elif line.startswith("Figure"):
            parts.append(Part("figure", line))
        elif line.startswith("Table"):
            parts.append(Part("table", line))
        elif parts[-1].kind == "table" and len(line) < 250:
            cells.append(line)
            parts[-1] = Part("table", parts[-1].text, tuple(zip(*[iter(cells)] * 6, strict=False)))
        else:
            parts.append(Part("abstract" if len(parts) == 1 else "paragraph", line))
    return parts


def as_jats(parts: Sequence[Part]) -> bytes:
    front, body, section = [], [], False
    for part in parts:
        words = PLACE.sub(lambda m: "(" + re.sub(r"\d+", r'<xref ref-type="bibr" rid="B\g<0>">\g<0></xref>', m[1]) + ")", escape(part.text))
        if part.kind == "title":
            front.append(f"<title-group><article-title>{words}</article-title></title-group>")
        elif part.kind == "abstract":
            front.append(f"<abstract><p>{words}</p></abstract>")
        elif part.kind == "heading":
            number, _, title = words.partition(" ")
            body.append(f"{'</sec>' if section else ''}<sec><label>{number}</label><title>{title}</title>")
            section = True
        elif part.kind == "figure":
            label, _, caption = words.partition(" | ")
            body.append(f"<fig><label>{label}</label><caption><p>{caption}</p></caption><graphic/></fig>")
        elif part.kind == "table":
            label, _, caption = words.partition(" | ")
            body.append(f"<table-wrap><label>{label}</label><caption><p>{caption}</p></caption>{_table(part)}</table-wrap>")
        else:
            body.append(f"<p>{words}</p>")
    return (
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE article PUBLIC "-//NLM//DTD JATS v1.3//EN" "JATS-archivearticle1-3.dtd">'
        '<article article-type="case-report"><front><journal-meta><journal-title-group><journal-title>Frontiers in Oncology</journal-title>'
        "</journal-title-group></journal-meta><article-meta>"
        '<article-id pub-id-type="doi">10.3389/fonc.2025.1559085</article-id><pub-date><year>2025</year></pub-date>'
        f"{''.join(front)}</article-meta></front><body>{''.join(body)}{'</sec>' if section else ''}</body>"
        "<back><ref-list><title>References</title><ref id='B1'><mixed-citation>A 50-year-old man. 2001.</mixed-citation></ref></ref-list>"
        "</back>"
        "</article>"
    ).encode()


def as_html_body(parts: Sequence[Part]) -> str:
    body = []
    for part in parts:
        words = PLACE.sub(lambda m: "(" + re.sub(r"\d+", r'<a href="#B\g<0>">\g<0></a>', m[1]) + ")", escape(part.text))
        name = {"title": "h1", "heading": "h2"}.get(part.kind, "p")
        if part.kind == "abstract":
            body.append("<h2>Abstract</h2>")
        if part.kind == "figure":
            body.append(f"<figure><img src='a.png' alt='a picture'/><figcaption>{words}</figcaption></figure>")
        elif part.kind == "table":
            body.append(f"<div class='table-wrap'><p>{words}</p>{_table(part)}</div>")
        else:
            body.append(f"<{name}>{words}</{name}>")
    return "".join(body)


def as_html(parts: Sequence[Part]) -> bytes:
    return (
        "<!DOCTYPE html><html><head><meta charset='utf-8'><title>A case | Journal</title>"
        f"<meta name='citation_title' content='{escape(parts[0].text)}'><meta name='citation_doi' content='10.3389/fonc.2025.1559085'>"
        "<script>var patient = 'A 90-year-old man';</script></head><body><header><nav><ul><li><a href='/'>Home</a></li></ul></nav></header>"
        f"<main><article>{as_html_body(parts)}<h2>References</h2><ol><li>1. A 50-year-old man. 2001.</li></ol></article></main>"
        "<aside class='related'><p>A 20-year-old woman with lymphoma was treated.</p></aside><footer>Cookies</footer></body></html>"
    ).encode()


def as_epub(parts: Sequence[Part]) -> bytes:
    chapter = f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>{as_html_body(parts)}</body></html>'
    cover = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body><p><img src="c.png" alt=""/></p></body></html>'
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{escape(parts[0].text)}</dc:title><dc:identifier>doi:10.3389/fonc.2025.1559085</dc:identifier></metadata><manifest>"
        '<item id="n" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
        '<item id="c" href="cover.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="t" href="text/one%20chapter.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="c"/><itemref idref="n"/><itemref idref="t"/></spine></package>'
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OPS/package.opf"/></rootfiles>'
        "</container>"
    )
    nav = '<html xmlns="http://www.w3.org/1999/xhtml"><body><ol><li>Cover</li></ol></body></html>'
    return zipped({
        "mimetype": "application/epub+zip", "META-INF/container.xml": container, "OPS/package.opf": package, "OPS/nav.xhtml": nav,
        "OPS/cover.xhtml": cover, "OPS/text/one chapter.xhtml": chapter,
    })  # fmt: skip


def as_bioc_json(parts: Sequence[Part]) -> bytes:
    section, passages = "INTRO", []
    for part in parts:
        words = part.text
        what, kind = {"title": ("front", "TITLE"), "abstract": ("abstract", "ABSTRACT"), "heading": ("title_1", section)}.get(
            part.kind, ("paragraph", section)
        )
        if part.kind == "heading":
            section = kind = {"2": "CASE", "4": "CONCL"}.get(words[0], "DISCUSS" if words[0] == "3" else "INTRO")
            words = words[2:]
        elif part.kind in ("figure", "table"):
            what, kind = ("fig_caption", "FIG") if part.kind == "figure" else ("table_caption", "TABLE")
        passages.append({"infons": {"type": what, "section_type": kind}, "offset": 0, "text": words})
        if part.rows:
            rows = "\n".join("\t".join(row) for row in part.rows)
            passages.append({"infons": {"type": "table", "section_type": "TABLE"}, "offset": 0, "text": rows})
    passages.append({"infons": {"type": "ref", "section_type": "REF"}, "offset": 0, "text": "A 50-year-old man"})
    passages[0]["infons"] |= {"article-id_doi": "10.3389/fonc.2025.1559085", "article-id_pmc": "PMC1234567", "article-id_pmid": "1"}
    return json.dumps([{"source": "PMC", "documents": [{"id": "1", "infons": {}, "passages": passages}]}]).encode()


def as_docx(parts: Sequence[Part]) -> bytes:
    from docx import Document

    document = Document()
    for part in parts:
        if part.kind == "title":
            document.add_heading(part.text, 0)
        elif part.kind == "abstract":
            document.add_heading("Abstract", 1)
            document.add_paragraph(part.text)
        elif part.kind == "heading":
            document.add_heading(part.text, 1)
        else:
            document.add_paragraph(part.text)
        if part.rows:
            table = document.add_table(len(part.rows), len(part.rows[0]))
            for row, cells in zip(table.rows, part.rows, strict=True):
                for cell, words in zip(row.cells, cells, strict=True):
                    cell.text = words
    document.add_heading("References", 1)
    document.add_paragraph("1. A 50-year-old man. 2001.")
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def as_pdf(parts: Sequence[Part]) -> bytes:
    """Two columns, with a running head and page numbers; needs reportlab."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph, Spacer, Table

    styles = getSampleStyleSheet()
    shapes = {"title": styles["Title"], "heading": styles["Heading2"], "figure": styles["Italic"], "table": styles["Italic"]}
    flow = []
    for part in parts:
        flow += [Paragraph(escape(part.text), shapes.get(part.kind, styles["BodyText"])), Spacer(1, 4)]
        if part.rows:
            flow.append(Table([[Paragraph(escape(cell), styles["BodyText"]) for cell in row] for row in part.rows], colWidths=39))

    def furniture(canvas, document):
        canvas.setFont("Helvetica", 8)
        canvas.drawString(50, A4[1] - 30, "Frontiers in Oncology")
        canvas.drawCentredString(A4[0] / 2, 25, f"{document.page:02d}")

    out = io.BytesIO()
    document = BaseDocTemplate(out, pagesize=A4)
    columns = [Frame(x, 45, 240, A4[1] - 90, id=str(x)) for x in (50, 305)]
    document.addPageTemplates([PageTemplate(id="columns", frames=columns, onPage=furniture)])
    document.build(flow)
    return out.getvalue()


def zipped(members: dict[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _table(part: Part) -> str:
    rows = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in part.rows)
    return f"<table><tbody>{rows}</tbody></table>"
