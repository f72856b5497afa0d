"""Sets articles in many looks, as PDF files whose right reading is known: Chromium, Typst, and lines drawn across the columns.

    python tests/pdf/generate.py JATS_FOLDER OUT_FOLDER

The articles are parsed from JATS files; the PDFs are never committed.
"""

import html
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree

CITED = re.compile("\ue000([^\ue001]*)\ue001")


_UNPRINTED = ("tex-math", "inline-formula", "disp-formula", "graphic", "inline-graphic", "object-id")


@dataclass
class Item:
    """A part of an article: title, authors, heading, para, figure, table (its rows in `rows`), note or reference."""

    kind: str
    text: str
    depth: int = 0
    rows: list[list[str]] = field(default_factory=list)


@dataclass
class Look:
    """How an article is set: columns, how a citation is printed, how headings look and what disturbs the reading."""

    name: str
    article: str
    engine: str
    columns: int = 2
    cite: str = "[]"
    heading: str = "bold"
    size: float = 9.5
    font: str = "serif"
    justify: bool = True
    indent: bool = True
    numbers: bool = False
    line_numbers: bool = False
    watermark: bool = False
    side_box: bool = False
    wide_floats: bool = True
    abstract: str = "plain"
    paper: tuple[float, float] = (595, 842)


LOOKS = [
    Look("one_serif", "plos_1.xml", "chromium", columns=1, cite="sup", size=11),
    Look("two_small_caps", "frontiers_1.xml", "chromium", heading="small-caps", cite="sup", size=9.5),
    Look("three_spaced", "prostate_ctsz_jats.xml", "chromium", columns=3, heading="spaced", font="sans-serif", size=8, indent=False),
    Look("two_ragged", "pntd.0008301.nxml", "chromium", justify=False, indent=False, numbers=True, side_box=True, heading="capitals"),
    Look("two_box", "PMC2231364.xml", "chromium", abstract="box", wide_floats=False, cite="()", paper=(612, 792)),
    Look("typst_two", "f1000research_1.xml", "typst", cite="sup"),
    Look("typst_manuscript", "plos_1.xml", "typst", columns=1, line_numbers=True, watermark=True, size=11),
    Look("typst_three", "PMC2231364.xml", "typst", columns=3, size=8, numbers=True, heading="small-caps"),
    Look("typst_two_wide", "prostate_ctsz_jats.xml", "typst", cite="[]", heading="capitals", indent=False, size=10),
    Look("across_two", "frontiers_1.xml", "across", cite="sup"),
    Look("across_three", "PMC2231364.xml", "across", columns=3, size=8, font="sans-serif", heading="capitals", cite="[]"),
    Look("across_numbered", "pntd.0008301.nxml", "across", line_numbers=True, numbers=True, cite="[]", paper=(612, 792)),
    Look("across_ragged", "f1000research_1.xml", "across", justify=False, indent=False, heading="spaced", cite="()"),
]


# Articles ----------------------------------------------------------------------------------------------------------------------


def article(path: Path) -> list[Item]:
    """What a JATS file would print."""
    root = etree.parse(str(path), etree.XMLParser(load_dtd=False, no_network=True, resolve_entities=False)).getroot()
    for element in list(root.iter(*(f"{{*}}{name}" for name in _UNPRINTED))):
        _remove(element)
    meta = root.find(".//{*}article-meta")
    items = [Item("title", words(meta.find(".//{*}article-title")))]
    named = [(c.find(".//{*}given-names"), c.find(".//{*}surname")) for c in meta.iter("{*}contrib")]
    names = [" ".join(words(n) for n in pair if n is not None) for pair in named]
    items.append(Item("authors", ", ".join(n for n in names if n)))
    abstract = meta.find("{*}abstract")
    if abstract is not None:
        items.append(Item("heading", "Abstract", 1))
        items += [Item("para", words(p)) for p in abstract.iter("{*}p")]
    for section in root.find("{*}body"):
        items += _section(section, 1)
    for part in root.find("{*}back") if root.find("{*}back") is not None else ():
        if isinstance(part.tag, str) and etree.QName(part).localname in ("ack", "sec"):
            items += _section(part, 1)
    entries = [words(r) for r in root.iter("{*}ref")][:40]
    return [*[i for i in items if i.text], Item("heading", "References", 1), *[Item("reference", e) for e in entries]]


def _section(element: Any, depth: int) -> Iterator[Item]:
    tag = etree.QName(element).localname if isinstance(element.tag, str) else ""
    if tag in ("sec", "ack"):
        for child in element:
            if isinstance(child.tag, str) and etree.QName(child).localname == "title":
                yield Item("heading", words(child), depth)
            else:
                yield from _section(child, depth + 1)
    elif tag == "p":
        floats = list(element.iter("{*}fig", "{*}table-wrap"))
        for f in floats:
            _remove(f)
        yield Item("para", words(element))
        for f in floats:
            yield from _section(f, depth)
    elif tag in ("fig", "table-wrap"):
        label, caption = element.find("{*}label"), element.find("{*}caption")
        told = " ".join(words(e) for e in (caption if caption is not None else []))
        name = words(label) if label is not None else ""
        if re.match(r"(?:Fig|Tab)", name) and told:
            rows = [[words(c) for c in row.iter("{*}td", "{*}th")] for row in element.iter("{*}tr")]
            yield Item("figure" if tag == "fig" else "table", f"{name.rstrip('.')}. {told}", rows=rows)
    elif tag == "list":
        yield from (Item("para", words(p)) for p in element.iter("{*}p"))


def _remove(element: Any) -> None:
    parent = element.getparent()
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def words(element: Any) -> str:
    """The words of an element, its numbered citations marked."""

    def inner(node: Any) -> str:
        if not isinstance(node.tag, str):
            return ""
        tag = etree.QName(node).localname
        told = (node.text or "") + "".join(inner(child) + (child.tail or "") for child in node)
        if tag == "xref" and node.get("ref-type") == "bibr":
            return f"\ue000{told}\ue001" if re.fullmatch(r"[\s,\[\]()\u2013-]*\d{1,3}(?:[\s,\u2013-]+\d{1,3})*[\])]?", told) else told
        return told

    text = " ".join(inner(element).split())
    return re.sub(r"\s*[\[(]?(\ue000[^\ue001]*\ue001)(?:[\s,;\u2013-]*\ue000[^\ue001]*\ue001)*[\])]?", r"\1", text)


def printed(text: str, cite: Callable[[str], str]) -> str:
    """A text with its citations printed by `cite`, and only characters that the fonts have."""
    return CITED.sub(lambda m: cite(m[1].strip("[]() ")), text)


def _plain_cite(style: str) -> Callable[[str], str]:
    left, right = style if len(style) == 2 else ("[", "]")
    return lambda number: f" {left}{number}{right}"


def hyphenated(text: str) -> str:
    """Long words with soft hyphens between two consonants that stand between vowels."""

    def split(match: re.Match[str]) -> str:
        return re.sub(r"(?<=[a-z][aeiou][bcdfgklmnprstv])(?=[bcdfgklmnprstv][aeiou][a-z])", "\u00ad", match[0])

    return re.sub(r"[A-Za-z]{7,}", split, text)


def numbered(items: list[Item]) -> list[Item]:
    """The same with "2.1" before its headings."""
    counts = [0] * 6
    done = []
    for item in items:
        if item.kind == "heading" and item.text not in ("Abstract", "References"):
            counts[item.depth - 1] += 1
            counts[item.depth :] = [0] * (6 - item.depth)
            number = ".".join(map(str, counts[: item.depth]))
            done.append(Item("heading", f"{number}{'.' if item.depth == 1 else ''} {item.text}", item.depth))
        else:
            done.append(item)
    return done


HEAD = "Running title of the article"
MOST_ROWS = 14
"""A longer table is set without the rest."""
FOOT = "Journal of Set Pages 2020; 12: 345. doi: 10.1234/jsp.2020.345"
NOTE = "* These authors contributed equally. Correspondence: author@example.org"
BOX = "Key points of this box. It stands beside the text and is no part of it, set smaller than the words around it."


# Chromium ----------------------------------------------------------------------------------------------------------------------

_HEADINGS = {
    "bold": "font-weight:bold",
    "small-caps": "font-variant:small-caps;font-weight:bold",
    "spaced": "letter-spacing:0.22em;font-weight:bold",
    "capitals": "text-transform:uppercase;font-weight:bold",
}


def page(items: list[Item], look: Look) -> str:
    """The article as an HTML page."""
    cite = (lambda n: f"<sup>{n}</sup>") if look.cite == "sup" else _plain_cite(look.cite)
    set_text = lambda text: printed(html.escape(hyphenated(text)), cite)
    body: list[str] = []
    for number, item in enumerate(items):
        if item.kind == "title":
            body.append(f"<h1>{html.escape(item.text)}</h1>")
        elif item.kind == "authors":
            body.append(f"<p class='wide authors'>{html.escape(item.text)}</p>")
        elif item.kind == "heading":
            body.append(f"<h{item.depth + 1}>{html.escape(item.text)}</h{item.depth + 1}>")
        elif item.kind == "figure":
            labels = "".join(f"<text x='{40 + 60 * i}' y='{90 - 9 * i}' font-size='7'>group {i}</text>" for i in range(4))
            shapes = "".join(f"<rect x='{30 + 12 * i}' y='{20 + 5 * i}' width='9' height='{70 - 5 * i}' fill='#88a'/>" for i in range(16))
            drawing = f"<svg width='100%' height='110' viewBox='0 0 300 110'>{shapes}{labels}</svg>"
            body.append(f"<figure>{drawing}<figcaption>{set_text(item.text)}</figcaption></figure>")
        elif item.kind == "table":
            rows = "".join("<tr>" + "".join(f"<td>{html.escape(CITED.sub('', c))}</td>" for c in row) + "</tr>" for row in item.rows)
            body.append(f"<figure><figcaption>{set_text(item.text)}</figcaption><table>{rows}</table></figure>")
        elif item.kind == "reference":
            body.append(f"<p class='reference'>{number}. {html.escape(CITED.sub('', item.text))}</p>")
        else:
            body.append(f"<p>{set_text(item.text)}</p>")
            if look.side_box and number == 12:
                body.append(f"<div class='box'>{BOX}</div>")
    opening = next(i for i, item in enumerate(items) if item.kind == "heading" and item.text.split(". ")[-1] != "Abstract")
    align = "justify" if look.justify else "left"
    gap = "0" if look.indent else "0.5em"
    size = f"{look.paper[0]}pt {look.paper[1]}pt"
    wide = "column-span:all;" if look.wide_floats else "break-inside:avoid;"
    shade = "background:#dde;padding:8pt;" if look.abstract == "box" else ""
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><style>
@page {{ size: {size}; margin: 60pt 50pt;
 @top-left {{ content: "{HEAD}"; font-size: 7pt }} @top-right {{ content: counter(page); font-size: 7pt }}
 @bottom-left {{ content: "{FOOT}"; font-size: 7pt }} }}
body {{ font: {look.size}pt/1.3 {look.font}; margin: 0; text-align: {align}; hyphens: manual }}
.flow {{ columns: {look.columns}; column-gap: 16pt }} p {{ margin: 0 0 {gap}; text-indent: {"1.2em" if look.indent else "0"} }}
h1 {{ font-size: 18pt; text-align: left }} .authors {{ text-indent: 0 }}
h2, h3, h4, h5 {{ {_HEADINGS[look.heading]}; text-align: left; break-after: avoid }}
h2 {{ font-size: {look.size * 1.25}pt; margin: 9pt 0 4pt }} h3, h4, h5 {{ font-size: {look.size}pt; margin: 6pt 0 2pt }}
h4, h5 {{ font-style: italic }}
figure {{ {wide} margin: 10pt 0; font-size: {look.size * 0.85}pt }} table {{ width: 100%; table-layout: fixed }}
td {{ overflow-wrap: anywhere; padding: 0 6pt 0 0; vertical-align: top; text-align: left }}
.reference {{ font-size: {look.size * 0.85}pt; padding-left: 1.5em; text-indent: -1.5em }} sup {{ font-size: 65%; line-height: 0 }}
.box {{ border: 1px solid #333; background: #eee; font-size: {look.size * 0.85}pt; padding: 6pt; margin: 8pt 0; break-inside: avoid }}
.top {{ {shade} }}
</style><div class="top">{"".join(body[:opening])}</div><div class="flow">{"".join(body[opening:])}</div></html>"""


def chromium(items: list[Item], look: Look, out: Path) -> None:
    source = out.with_suffix(".html")
    source.write_text(page(items, look), encoding="utf-8")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or "chromium"
    command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--print-to-pdf={out}", source.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    source.unlink()


# Typst -------------------------------------------------------------------------------------------------------------------------


def _typst(text: str) -> str:
    return re.sub(r"([\\#$*_`<>@\[\]~=/+\-\"'])", r"\\\1", text)


def typst(items: list[Item], look: Look, out: Path) -> None:
    import typst as program

    def set_text(text: str) -> str:
        parts = CITED.split(text)
        cite = (lambda n: f"#super[{n}]") if look.cite == "sup" else (lambda n: " " + _typst(_plain_cite(look.cite)(n).strip()))
        return "".join(cite(p.strip("[]() ")) if i % 2 else _typst(p) for i, p in enumerate(parts))

    heading = {"small-caps": "#smallcaps(it)", "capitals": "#upper(it)"}.get(look.heading, "#it")
    watermark = "background: rotate(45deg, text(60pt, fill: luma(220))[DRAFT COPY])," if look.watermark else ""
    lines = [
        f"#set page(width: {look.paper[0]}pt, height: {look.paper[1]}pt, margin: 60pt, columns: {look.columns}, {watermark}",
        f"  header: context [#text(7pt)[{HEAD} #h(1fr) #counter(page).display()]], footer: text(7pt)[{_typst(FOOT)}])",
        f'#set text(size: {look.size}pt, lang: "en", hyphenate: true)',
        f"#set par(justify: {str(look.justify).lower()}, first-line-indent: {'1.2em' if look.indent else '0em'})",
        f"#show heading: it => block(above: 1.1em, below: 0.6em)[{heading}]",
        '#set par.line(numbering: "1")' if look.line_numbers else "",
    ]
    scope = '"parent"' if look.columns > 1 and look.wide_floats else '"column"'
    for item in items:
        if item.kind == "title":
            lines.append(f"#place(top, float: true, scope: {scope}, text(17pt, hyphenate: false)[{_typst(item.text)}])")
        elif item.kind == "authors":
            lines.append(f"#par(first-line-indent: 0em)[{_typst(item.text)}#footnote[{_typst(NOTE)}]]")
        elif item.kind == "heading":
            lines.append(f"{'=' * item.depth} {_typst(item.text)}")
        elif item.kind == "figure":
            legend = f"#text(0.85em)[#strong[{set_text(item.text[:8])}]{set_text(item.text[8:])}]"
            lines.append(f"#place(auto, float: true, scope: {scope}, block(width: 100%)[#rect(width: 80%, height: 70pt) {legend}])")
        elif item.kind == "table":
            width = max(map(len, item.rows), default=1)
            cells = ", ".join(f"[{_typst(CITED.sub('', c))}]" for row in item.rows for c in [*row, *[""] * (width - len(row))])
            table = f"#table(columns: {width}, {cells})"
            lines.append(f"#place(auto, float: true, scope: {scope}, text(0.8em)[{set_text(item.text)} \\ {table}])")
        elif item.kind == "reference":
            lines.append(f"#par(hanging-indent: 1.2em, first-line-indent: 0em)[#text(0.85em)[{_typst(CITED.sub('', item.text))}]]")
        else:
            lines.append(set_text(item.text) + "\n")
        lines.append("")
    source = out.with_suffix(".typ")
    source.write_text("\n".join(lines), encoding="utf-8")
    program.compile(str(source), output=str(out))
    source.unlink()


# Lines drawn across the columns ------------------------------------------------------------------------------------------------


@dataclass
class _Set:
    """A line of words ready to be drawn: (text, raised) pieces, font, size, indent, whether it is the last of its paragraph."""

    pieces: list[tuple[str, bool]]
    font: str
    size: float
    lead: float
    indent: float = 0.0
    last: bool = False
    spaced: bool = False


def across(items: list[Item], look: Look, out: Path) -> None:
    """Each printed line of a page is drawn through all its columns before the next one, as layout programs that sort by height do."""
    from reportlab.pdfgen.canvas import Canvas

    width, height = look.paper
    gap, margin = 16.0, 56.0
    column = (width - 2 * margin - gap * (look.columns - 1)) / look.columns
    canvas = Canvas(str(out), pagesize=look.paper)
    lead = look.size * 1.25
    rows = int((height - 2 * margin - 20) / lead)
    top = height - margin - 10
    for kind, first in (("title", True), ("authors", False)):
        text = next(i.text for i in items if i.kind == kind)
        font, size = ("Helvetica-Bold", 16.0) if first else ("Helvetica", 9.0)
        for line in _lines([(w, False) for w in text.split()], font, size, width - 2 * margin, lead=lead):
            top -= line.size * 1.25
            canvas.setFont(line.font, line.size)
            canvas.drawString(margin, top, " ".join(p for p, _ in line.pieces))
    queue = [line for item in items if item.kind not in ("title", "authors") for line in _set(item, look, column, lead)]
    number, begin = 1, top - 20
    while queue:
        here = int((begin - margin) / lead) if number == 1 else rows
        grid = [queue[i * here : (i + 1) * here] for i in range(look.columns)]
        queue = queue[here * look.columns :]
        canvas.setFont("Helvetica", 7)
        canvas.drawString(margin, height - 34, HEAD)
        canvas.drawRightString(width - margin, height - 34, str(number))
        canvas.drawString(margin, 30, FOOT)
        for row in range(here):
            y = (begin if number == 1 else height - margin - 10) - (row + 1) * lead
            if look.line_numbers:
                canvas.setFont("Helvetica", 6)
                canvas.drawRightString(margin - 8, y, str(row + 1 + (number - 1) * rows))
            for i, lines in enumerate(grid):
                if row < len(lines):
                    _draw(canvas, lines[row], margin + i * (column + gap), y, column, look)
        canvas.showPage()
        number += 1
    canvas.save()


def _set(item: Item, look: Look, width: float, lead: float) -> list[_Set]:
    serif = look.font == "serif"
    plain, bold = ("Times-Roman", "Times-Bold") if serif else ("Helvetica", "Helvetica-Bold")
    empty = _Set([], plain, look.size, lead)
    if item.kind == "heading":
        text = item.text.upper() if look.heading == "capitals" else item.text
        size = look.size * (1.15 if item.depth == 1 else 1)
        lines = _lines([(w, False) for w in text.split()], bold, size, width, lead=lead, spaced=look.heading == "spaced")
        return [empty, *lines]
    if item.kind == "reference":
        return _lines([(w, False) for w in CITED.sub("", item.text).split()], plain, look.size * 0.85, width, lead=lead)
    if item.kind in ("figure", "table"):
        rows = [_Set([(c[:18], False)], plain, look.size * 0.85, lead) for row in item.rows[:5] for c in row[:1] if c]
        return [
            empty,
            *_lines([(w, False) for w in CITED.sub("", item.text).split()], bold, look.size * 0.85, width, lead=lead),
            *rows,
            empty,
        ]
    sup = look.cite == "sup"
    text = CITED.sub(lambda m: f"\ue000{m[1].strip('[]() ')}\ue001" if sup else _plain_cite(look.cite)(m[1].strip("[]() ")), item.text)
    pieces: list[tuple[str, bool]] = []
    for word in text.split():
        for i, part in enumerate(re.split("[\ue000\ue001]", word)):
            if part:
                pieces.append((part, bool(i % 2)))
    lines = _lines(pieces, plain, look.size, width, lead=lead, indent=10 if look.indent else 0)
    return lines if look.indent else [*lines, empty]


def _lines(
    pieces: list[tuple[str, bool]], font: str, size: float, width: float, *, lead: float, indent: float = 0, spaced: bool = False
) -> list[_Set]:
    """Greedy lines; words break at soft hyphens. A raised piece stays with the word before."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    def wide(parts: list[tuple[str, bool]]) -> float:
        letters = sum(stringWidth(t, font, size * (0.65 if up else 1)) for t, up in parts)
        letters += 0.25 * size * sum(len(t) + 1 for t, _ in parts) if spaced else 0
        return letters + stringWidth(" ", font, size) * (sum(not up for _, up in parts) - 1)

    lines: list[_Set] = []
    current: list[tuple[str, bool]] = []
    for piece, up in pieces:
        text = piece
        room = width - (indent if not lines else 0)
        if current and not up and wide([*current, (text, up)]) > room:
            parts = hyphenated(text).split("\u00ad")
            fit = next((k for k in range(len(parts) - 1, 0, -1) if wide([*current, ("".join(parts[:k]) + "-", False)]) <= room), 0)
            if fit and not spaced:
                current.append(("".join(parts[:fit]) + "-", False))
                text = "".join(parts[fit:])
            lines.append(_Set(current, font, size, lead, indent if not lines else 0, spaced=spaced))
            current = []
        current.append((text, up))
    if current:
        lines.append(_Set(current, font, size, lead, indent if not lines else 0, last=True, spaced=spaced))
    return lines


def _draw(canvas: Any, line: _Set, x: float, y: float, width: float, look: Look) -> None:
    from reportlab.pdfbase.pdfmetrics import stringWidth

    x += line.indent
    letters = sum(stringWidth(t, line.font, line.size * (0.65 if up else 1)) for t, up in line.pieces)
    gaps = sum(not up for _, up in line.pieces) - 1
    space = stringWidth(" ", line.font, line.size)
    if look.justify and not line.last and not line.spaced and gaps > 0:
        space = (width - line.indent - letters) / gaps
    for i, (text, up) in enumerate(line.pieces):
        if i and not up:
            x += space + (0.25 * line.size if line.spaced else 0)
        size = line.size * (0.65 if up else 1)
        drawn = canvas.beginText(x, y + (0.33 * line.size if up else 0))
        drawn.setFont(line.font, size)
        drawn.setCharSpace(0.25 * size if line.spaced else 0)
        drawn.textOut(text.encode("cp1252", "replace").decode("cp1252"))
        canvas.drawText(drawn)
        x += stringWidth(text, line.font, size) + (0.25 * size * len(text) if line.spaced else 0)


ENGINES: dict[str, Callable[[list[Item], Look, Path], None]] = {"chromium": chromium, "typst": typst, "across": across}


def make(look: Look, jats: Path, out: Path) -> list[Item]:
    """Set one look to a file and say what it prints."""
    path = jats / look.article
    items = article(path if path.exists() else jats.parent / "pdf" / look.article)
    if look.engine == "across":
        for item in items:
            item.text = (
                item.text.encode("cp1252", "ignore").decode("cp1252")
                if not CITED.search(item.text)
                else "".join(c for c in item.text if c in "\ue000\ue001" or c.encode("cp1252", "ignore"))
            )
    for item in items:
        item.rows = item.rows[:MOST_ROWS]
    if look.numbers:
        items = numbered(items)
    ENGINES[look.engine](items, look, out)
    return items


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for one in LOOKS:
        make(one, Path(sys.argv[1]), folder / f"{one.name}.pdf")
