"""What a PDF prints of its article beside the text: who wrote it, in which journal, in which year. What is doubtful is not told."""

import re
from collections import Counter

from extractor.readers.pdf.parts import Part

_MARKS = re.compile(r"[\d*\u2020\u2021\u00a7\u00b6#\u2709\u2070-\u209f\u00b9\u00b2\u00b3]+")
_BETWEEN = re.compile(r"[,;&\u00b7\u2022|]|\band\b")
_DEGREE = re.compile(r"(?:(?:[A-Z][a-z]{0,2}\.?){2,5}|[A-Z]{2,6}|Jr\.?|Sr\.?|II+|[a-z])")
_NAME = re.compile(
    r"(?:[^\W\d_](?:\.|[\w\u2019'.-]*)|de|van|von|der|den|da|dos|del|la|bin|al|el|di|le)"
    r"(?:\s(?:[A-Z\u00c0-\u017e](?:[\w\u2019'.-]*)|de|van|von|der|den|da|dos|del|la|bin|al|el|di|le|ten|ter)){1,5}"
)
_PLACE = re.compile(r"\b(?:depart|univers|hosp|institut|cent(?:er|re)|facult|school|colleg|clini|division|laborator|report)", re.IGNORECASE)
_IMPRINT = re.compile(
    r"(?P<journal>[A-Z][^\d\n|;:(\u00a9]{2,90}?)[\s.,]*(?:\((?P<year>(?:19|20)\d\d)\)|(?P<plain>(?:19|20)\d\d))"
    r"\s?[;,:]?\s?(?:vol(?:ume)?\.?\s?)?\d{1,4}\s?(?:\(\w{1,8}\))?\s?[:;,]\s?(?:article\s|pp?\.?\s?)?[A-Za-z]?\d"
)
_DATED = re.compile(
    r"(?:\u00a9|\(c\)|copyright|published(?: online)?|epub)\W{0,3}(?:the authors?|[\w .]{0,24}?)?\W{0,3}((?:19|20)\d\d)\b", re.IGNORECASE
)


def printed_authors(part: Part) -> tuple[str, ...]:
    """The names in a paragraph, none where it holds anything but names, their marks and their degrees."""
    text = " ".join(_MARKS.sub(" ", w.text) for line in part.lines for w in line.words if not w.raised)
    pieces = [" ".join(piece.split()).strip(" .") for piece in _BETWEEN.split(text)]
    names = [piece for piece in pieces if piece and not _DEGREE.fullmatch(piece)]
    trusted = names and not _PLACE.search(text) and all(_NAME.fullmatch(name) for name in names)
    return tuple(names) if trusted else ()


def published(front: str) -> tuple[str | None, int | None]:
    """The journal and the year that heads, feet and front matter print together ("J Made Up 2020; 1: 1"), else the year of its date."""
    imprints = [(" ".join(m["journal"].split()).strip(" .,"), int(m["year"] or m["plain"])) for m in _IMPRINT.finditer(front)]
    if imprints:
        return Counter(imprints).most_common(1)[0][0]
    dated = [int(year) for year in _DATED.findall(front)]
    return None, Counter(dated).most_common(1)[0][0] if dated else None
