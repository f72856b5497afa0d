"""Which tissue a marker was looked for in: organ and kind, "brain metastasis", "breast primary", "gastric tumor".

The words beside the marker come first ("the thymic tumor tissue", "in the liver metastasis"), then the nearer of what was last
operated on or biopsied and of the last tumor told. Where none of these names an organ the specimen is left out.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from extractor.entities.biomarker.cues import cue
from extractor.entities.lexicon import read_table
from extractor.entities.reading import Draft, Reading, Sentence
from extractor.entities.site.composition import site_of
from extractor.schema import Mention

FAR = 25
"""A specimen is looked for so many sentences back."""
_METASTATIC = re.compile(r"(?<!no )(?<!distant )(?<!absence of )(?<!without )(?<!non)(?<!non-)\bmetasta(?![^.]{0,45}node)", re.IGNORECASE)
_BREAST_CANCER = re.compile(r"\b(?:breast|mammary)\s(?:\w+\s){0,2}?(?:cancer|carcinoma|tumou?r)\b", re.IGNORECASE)
_OF_THE_BREAST = {"ER", "PR", "HER2", "Ki-67", "hormone receptors"}
Found = tuple[str | None, list[tuple[int, int, str]]]


def specimens(mention: Mention, reading: Reading, sentence: Sentence, drafts: Sequence[Draft]) -> list[Found]:
    """The specimens of a marker, with the words they are known by: one, or two ("cells of the ovary and the colon both")."""
    return _both(mention, reading, sentence) or [_specimen(mention, reading, sentence, drafts)]


def _both(mention: Mention, reading: Reading, sentence: Sentence) -> list[Found]:
    words = reading.text[sentence.start : mention.start]
    places = reading.within(sentence.start, mention.start, "site")[-2:]
    if len(places) < 2 or not re.search(r"\bboth\b", words, re.IGNORECASE) or not cue("tissue").search(reading.words(sentence)):
        return []
    first, second = places
    joined = re.fullmatch(r"(?:\s\w+){0,2}\sand(?:\s\w+){0,2}\s", reading.text[first.end : second.start])
    if not joined or not first.name or not second.name or first.name == second.name:
        return []
    return [(_called(p.name or p.text, False), [(p.start, p.end, "context")]) for p in places]


def _specimen(mention: Mention, reading: Reading, sentence: Sentence, drafts: Sequence[Draft]) -> Found:
    """The specimen of a marker; what is told of the germline has none."""
    if cue("germline").search(reading.words(sentence)):
        return None, []
    if found := _beside(mention, reading, sentence):
        return found
    first = reading.sentences[max(0, sentence.index - FAR)].start
    earlier = [d for d in drafts if first <= d.head[0] <= mention.start]
    taken, told = _taken(earlier), _told(earlier)
    # The nearer of both; in one sentence the operation.
    if taken and (told is None or taken.draft.sentence.index >= told.draft.sentence.index):
        told = None
    place = taken if taken and told is None else told
    if place is not None:
        near = reading.text[reading.sentences[max(0, sentence.index - 2)].start : sentence.end]
        if place.draft.attributes.get("category") == "biopsy" and not cue("neoplasm").search(near):
            return f"{_organ(place.site)} biopsy", [(*place.draft.head, "context")]
        return _called(place.site, place.secondary or _metastatic(reading, sentence, place.site)), [(*place.draft.head, "context")]
    return ("breast primary", []) if cue("breast").search(reading.text[first : mention.end]) else (None, [])


@cache
def _fluids() -> dict[str, str]:
    return {r["fluid"].lower(): r["name"] for r in read_table(Path(__file__).parent / "fluids.tsv", ("fluid", "name"))}


@cache
def _adjectives() -> dict[str, str]:
    return {r["organ"]: r["adjective"] for r in read_table(Path(__file__).parent / "organs.tsv", ("organ", "adjective"))}


def _beside(mention: Mention, reading: Reading, sentence: Sentence) -> Found | None:
    """What the marker's own sentence names: a fluid, or a tumor with its place."""
    words = reading.words(sentence)
    fluids = _fluids()
    if match := re.search(rf"(?<![-\w])(?:{'|'.join(map(re.escape, fluids))})\b", words, re.IGNORECASE):
        return fluids[match[0].lower()], [(sentence.start + match.start(), sentence.start + match.end(), "context")]
    own = _BREAST_CANCER.search(words)
    elsewhere = re.search(r"recurr|infiltrat", words, re.IGNORECASE) or _metastatic(reading, sentence, "elsewhere")
    if own and mention.name in _OF_THE_BREAST and not elsewhere:
        return "breast primary", [(sentence.start + own.start(), sentence.start + own.end(), "context")]
    named = [m for m in reading.in_sentence(sentence, "lesion") if cue("mass").fullmatch(m.name or "") and not m.context.negated]
    near = [m for m in named if m.start < mention.start + 150]
    for mass in sorted(near, key=lambda m: (m.start > mention.start, abs(m.start - mention.start))):
        place = site_of(reading, sentence, mass.start, mass.end)
        if place.site and ("lymph node" not in place.site or mass.end <= mention.start):
            secondary = mass.name == "metastasis" or _metastatic(reading, sentence, place.site)
            return _called(place.site, secondary), [(mass.start, mass.end, "context")]
    return None


@dataclass(frozen=True)
class Place:
    """Where a tissue may come from, and the fact that says so."""

    site: str
    secondary: bool
    draft: Draft


def _taken(earlier: Sequence[Draft]) -> Place | None:
    """What was last operated on or biopsied. Of several operations told together the first is the tumor's; a dissection of nodes,
    a stoma or an anastomosis goes with it."""
    taken = [
        d for d in earlier
        if d.type == "procedure" and d.attributes.get("category") in ("surgery", "biopsy") and not d.attributes.get("status")
        and not cue("bywork").search(d.name)
    ]  # fmt: skip
    if not taken:
        return None
    last = max(d.sentence.index for d in taken)
    draft = min((d for d in taken if d.sentence.index == last), key=lambda d: d.head[0])
    masses = [d for d in earlier if d.sentence.index == last and _is_mass(d)]
    site = draft.attributes.get("site") or (masses[0].attributes["site"] if masses else None)
    if not site or "lymph node" in site or cue("region").fullmatch(site):
        return None
    return Place(site, any(d.name == "metastasis" for d in masses), draft)


def _told(earlier: Sequence[Draft]) -> Place | None:
    """The last tumor told that has a place."""
    masses = [d for d in earlier if _is_mass(d)]
    if not masses:
        return None
    last = max(masses, key=lambda d: d.head[0])
    return Place(last.attributes["site"], last.name == "metastasis", last)


def _is_mass(draft: Draft) -> bool:
    site = draft.attributes.get("site")
    if draft.type != "lesion" or not cue("mass").fullmatch(draft.name) or not site:
        return False
    return "lymph node" not in site and not cue("region").fullmatch(site)


def _metastatic(reading: Reading, sentence: Sentence, site: str) -> bool:
    """Whether the sentences around the marker speak of a metastasis where metastases are found."""
    if site == "breast":
        return False
    first, last = max(0, sentence.index - 1), sentence.index
    return any(_METASTATIC.search(reading.words(s)) for s in reading.sentences[first : last + 1])


def _organ(site: str) -> str:
    whole = site.rsplit(" of the ", 1)[-1]
    known = next((o for o in _adjectives() if whole.startswith(o + " ")), whole)
    return _adjectives().get(known, known)


def _called(site: str, secondary: bool) -> str:
    """Organ and kind: nodes by their station, a metastasis as such, the breast's own tumor as "breast primary"."""
    if "lymph node" in site:
        return site.removesuffix("s")
    if secondary:
        return f"{_organ(site)} metastasis"
    return "breast primary" if site == "breast" else f"{_organ(site)} tumor"
