"""The smallest PDF files, written by hand: words at places, pictures, forms."""

from collections.abc import Sequence

WIDTH, HEIGHT = 595, 842
Piece = tuple[float, float, float, str]
"""x and y from the top left, size, text; a text that begins with "*" is bold."""


def pdf(objects: Sequence[bytes]) -> bytes:
    """A file of these objects; the first is the catalogue."""
    content = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF"
    return content + end % (len(objects) + 1, table, len(objects) + 1, len(content))


def stream(data: bytes, head: bytes = b"") -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (head, len(data), data)


def pages(drawn: Sequence[Sequence[Piece]], extra: Sequence[bytes] = (), resources: bytes = b"") -> bytes:
    """A file with a page for each list of pieces. `extra` are objects from number 5 on, `resources` what the pages call them."""
    first = 5 + len(extra)
    kids = b" ".join(b"%d 0 R" % (first + 2 * i) for i in range(len(drawn)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(drawn)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
        *extra,
    ]
    for i, pieces in enumerate(drawn):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R /Resources << /Font << /R 3 0 R /B 4 0 R >> %s >> >>"
            % (WIDTH, HEIGHT, first + 2 * i + 1, resources)
        )
        objects.append(stream(b"\n".join(map(_drawn, pieces))))
    return pdf(objects)


def _drawn(piece: Piece) -> bytes:
    x, y, size, text = piece
    if text.startswith("%"):
        return text[1:].encode()
    font, words = ("B", text[1:]) if text.startswith("*") else ("R", text)
    escaped = words.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)").encode("cp1252")
    return b"BT /%s %g Tf %g %g Td (%s) Tj ET" % (font.encode(), size, x, HEIGHT - y, escaped)


def columns(lines: Sequence[Sequence[str]], *, top: float = 120, left: float = 50, step: float = 260, size: float = 10) -> list[Piece]:
    """Columns of lines, drawn line by line across the columns."""
    pieces: list[Piece] = []
    for row in range(max(map(len, lines))):
        pieces += [(left + i * step, top + 12 * row, size, column[row]) for i, column in enumerate(lines) if row < len(column)]
    return pieces
