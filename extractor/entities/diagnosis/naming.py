"""What a disease is called: the adjectives that belong to a name, the name as a fact carries it, and when two names agree."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from extractor.entities.lexicon import read_table
from extractor.entities.reading import Reading, Sentence
from extractor.schema import Mention

_HERE = Path(__file__).parent
_WORD_BEFORE = re.compile(r"([\w+/'’&-]+)([\s-]+)$")
_SPACES = re.compile(r"[\s\u2010-\u2015-]+")
_FORMED = re.compile(
    r"(?:[\w-]+-(?:induced|related|associated|producing|secreting|positive|negative|mutant|mutated|rearranged|derived|dependent|"
    r"mediated))$"
)
_GRADE_WORD = re.compile(r"^(?:(?:histologic(?:al)?|nuclear|tumou?r)\s+)?grade\s+", re.IGNORECASE)
_STAGE_BEFORE = re.compile(
    r"\b(?:at\s+)?(?:(?:clinical|pathologic(?:al)?)\s+)?stage\s+(?P<stage>(?:[0-4]|I{1,3}V?|IV)[A-Ea-e]?[1-3]?)\s+$", re.IGNORECASE
)
_TYPE_BEHIND = re.compile(r"\s+(?:[a-e]|virus|type \w+|[ivx]+|\d+)(?:\s+(?:virus )?infection)?$")
_COMES_OF = re.compile(r"^(?P<cause>.+)[- ](?:related|induced|associated|mediated)\s+\w")
CONTRAST = frozenset(
    {"acute", "chronic", "1", "2", "i", "ii", "left", "right", "upper", "lower", "non", "exacerbation", "ductal", "lobular",
     "atrial",
     "ventricular", "aortic", "mitral", "a", "b", "c"}
)  # fmt: skip
"""Words that make another disease when only one of two names has them."""
_GENERAL = frozenset(
    {"disease", "carcinoma", "cancer", "tumor", "malignant", "malignancy", "neoplasm", "neoplasia", "adenocarcinoma", "invasive",
     "infiltrating", "primary", "type", "variant", "no", "special", "cell"}
)  # fmt: skip
_IN_SITU = frozenset({"intraductal", "situ", "dcis", "lcis"})
_GLANDULAR = frozenset({"adenocarcinoma", "squamous"})
_NEUROENDOCRINE = frozenset({"carcinoid", "neuroendocrine"})
_INVASIVE = frozenset({"invasive", "infiltrating", "infiltrative", "microinvasive"})


@dataclass(frozen=True, slots=True)
class Told:
    """A disease name with the words before it that belong to it: where it begins, what is told of its grade and stage."""

    start: int
    grade: str | None = None
    stage: str | None = None
    stage_span: tuple[int, int] | None = None


@cache
def organ_nouns() -> dict[str, str]:
    """The adjectives of organs, each with its organ."""
    return {r["adjective"]: r["organ"] for r in read_table(_HERE / "organs.tsv", ("adjective", "organ"))}


@cache
def _families() -> list[dict[str, str]]:
    return read_table(_HERE / "families.tsv", ("family", "piece", "malignant"))


@cache
def modifiers() -> dict[str, str]:
    """The words that may stand before a disease name, folded, with their kind."""
    return {r["word"].lower(): r["kind"] for r in read_table(_HERE / "modifiers.tsv", ("word", "kind"))}


@cache
def shared_nouns() -> frozenset[str]:
    """The nouns that several organs of a list share ("renal and liver failure"), in the singular."""
    return frozenset(r["noun"] for r in read_table(_HERE / "shared_nouns.tsv", ("noun",)))


@cache
def _acronyms() -> dict[str, str]:
    return {r["acronym"]: r["name"] for r in read_table(_HERE / "acronyms.tsv", ("acronym", "name"))}


@cache
def _of_kind(kind: str) -> frozenset[str]:
    return frozenset(w for word, k in modifiers().items() if k == kind for w in word.split())


def adjectives(mention: Mention, reading: Reading, sentence: Sentence) -> Told:
    """Where the name begins once the adjectives and places right before it are taken in; grade and stage are read off."""
    known = modifiers()
    at, start = mention.start, mention.start
    grade = _grade_across(mention, reading)
    while True:
        before = reading.text[sentence.start : at]
        if staged := _STAGE_BEFORE.search(before):
            offset = sentence.start + staged.start()
            return Told(start, grade, staged["stage"], (offset, at))
        ends = list(_tails(before))
        size = 0
        kind = None
        for words, length in reversed(ends):
            if words in known:
                kind, size = known[words], length
                break
        if kind is None and ends and _FORMED.search(_raw_word(before)):
            kind, size = "nature", ends[0][1]
        if kind is None and (place := _place_ending(reading, sentence, at)) is not None:
            kind, size = "site", at - place
        if kind is None:
            return Told(start, grade)
        at -= size
        if kind == "grade":
            grade = grade or grade_word(reading.text[at : at + size])
        elif kind != "side":
            start = at


def _grade_across(mention: Mention, reading: Reading) -> str | None:
    """The grade that reaches into a listed name: "poorly | differentiated thyroid cancer"."""
    match = re.search(r"\b(?:poorly|moderately|well)[\s-]+$", reading.text[max(0, mention.start - 14) : mention.start], re.IGNORECASE)
    return f"{match[0].strip(' -')} differentiated" if match and mention.text.lower().startswith("differentiated") else None


def grade_word(words: str) -> str:
    """A grade as the gold writes it: "grade II" is II, "poorly differentiated" stays."""
    grade = _GRADE_WORD.sub("", " ".join(words.split()).strip(" -"))
    return grade if grade.isupper() or any(c.isdigit() for c in grade) else grade.lower()


def _raw_word(before: str) -> str:
    match = _WORD_BEFORE.search(before)
    return match[1] if match else ""


def _tails(before: str) -> Iterator[tuple[str, int]]:
    """The last one, two and three words of a text, folded, with the characters they take."""
    taken, words = 0, ""
    for _ in range(3):
        match = _WORD_BEFORE.search(before[: len(before) - taken][-60:])
        if not match:
            return
        taken += len(match[0])
        words = _SPACES.sub(" ", f"{match[1]} {words}").strip().lower()
        yield words, taken


def _place_ending(reading: Reading, sentence: Sentence, at: int) -> int | None:
    for place in reversed(reading.within(max(sentence.start, at - 60), at, "site")):
        if reading.text[place.end : at].strip(" -") == "":
            return place.start
    return None


def name_of(mention: Mention, reading: Reading, start: int) -> str:
    """The name as told, in lower case and the singular: an abbreviation spelled out, adjectives kept, words of grade left out."""
    noun = _noun(mention)
    before = _without(_lowered(reading.text[start : mention.start]), "grade", "side")
    return " ".join(f"{before} {noun}".split()).strip(" ,-")


def _noun(mention: Mention) -> str:
    if mention.found_by.endswith("_acronym"):
        return _acronyms().get(mention.text, mention.text)
    if not mention.name:
        return mention.text if mention.found_by.endswith("_eponym") else _singular(_lowered(mention.text))
    if mention.found_by != "abbreviation":
        return mention.name
    # "ischemic cardiomyopathy (CMP)": words before the one that begins the abbreviation are none of its.
    words = mention.name.split()
    fitting = [i for i, w in enumerate(words) if w[:1].lower() == mention.text[:1].lower()]
    return " ".join(words[fitting[0] :]) if fitting else mention.name


def _without(words: str, *kinds: str) -> str:
    for word, kind in modifiers().items():
        if kind in kinds and word.split()[0] in words.lower():
            words = re.sub(rf"(?<!\w){word.replace(' ', '[ -]')}(?!\w)[\s-]*", "", words, flags=re.IGNORECASE)
    return words


def _lowered(words: str) -> str:
    """Words in lower case, but for those with a capital inside or after the first of several (abbreviations, people's names)."""
    parts = words.split()
    return " ".join(w if sum(c.isupper() for c in w) > 1 or any(c.isdigit() for c in w) or _eponym(w) else w.lower() for w in parts)


def _eponym(word: str) -> bool:
    return word[:1].isupper() and (word.endswith(("'s", "’s")) or ("-" in word and word.rpartition("-")[2][:1].isupper()))


def _singular(name: str) -> str:
    for plural, single in (("ies", "y"), ("uses", "us"), ("ses", "sis"), ("mata", "ma"), ("varices", "varices"), ("s", "")):
        if name.endswith(plural):
            keep = name.endswith(("itis", "osis", "asis", "esis", "ss", "us", "is", "varices", "scopies", "diabetes", "series"))
            return name if keep else name[: -len(plural)] + single
    return name


def words_of(name: str) -> frozenset[str]:
    """The words of a name in one form, organs by their noun."""
    words = re.findall(r"[a-z0-9+]+", name.lower().replace("'s", "").replace("’s", "").replace("tumour", "tumor"))
    return frozenset(organ_nouns().get(w, w) for w in words) - {"of", "the", "a", "an", "in", "with", "and", "to"}


def agree(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two names can be of one disease: the one says all that the other does and nothing that sets it apart."""
    return (one <= other or other <= one) and not (one ^ other) & CONTRAST


def other_organs(one: str, other: str) -> bool:
    """Whether two names name organs, and none that both do: "ileo-rectal" and "ileo-cutaneous fistula"."""
    organs = frozenset(organ_nouns().values())
    first, second = words_of(one) & organs, words_of(other) & organs
    return bool(first and second) and not first & second


def caused_by(one: str, other: str) -> bool:
    """Whether the one disease comes of the other: "hepatitis-related cirrhosis" is another disease than hepatitis."""
    return any(
        match is not None and words_of(match["cause"]) == words_of(cause)
        for name, cause in ((one, other), (other, one))
        for match in [_COMES_OF.search(name)]
    )


def same_tumour_names(one: str, other: str, organs: frozenset[str]) -> bool:
    """Whether two tumour names can be of one tumour: the one may leave out the organ or the kind ("the cancer")."""
    if is_malignant(one) != is_malignant(other) or len({f for f in (family_of(one), family_of(other)) if f}) > 1:
        return False
    first, second = words_of(one), words_of(other)
    if _in_situ_only(first, second) or _in_situ_only(second, first):
        return False
    course = _of_kind("state") | _of_kind("marker") | _of_kind("side")
    if agree(first - course, second - course):
        return True
    bare = [w - course - _GENERAL - organs - frozenset(organ_nouns().values()) for w in (first, second)]
    if _other_kinds(first, second) or _other_kinds(second, first):
        return False
    if not first <= second and not second <= first and "neuroendocrine" in first ^ second and bare[0] and bare[1]:
        return False
    return bare[0] <= bare[1] or bare[1] <= bare[0]


def _other_kinds(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether the one is of glands and the other of neuroendocrine cells; a tumor of both says both."""
    return bool(one & _GLANDULAR and other & _NEUROENDOCRINE) and not one & _NEUROENDOCRINE and not other & _GLANDULAR


def _in_situ_only(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one & _IN_SITU and other & _INVASIVE) and not other & _IN_SITU


def _pieces(name: str) -> list[dict[str, str]]:
    return [r for r in _families() if r["piece"] in name.lower()]


def family_of(name: str) -> str | None:
    """The great family of a tumour, which "the cancer" leaves open but "gastric cancer" does not; mixed tumours have none."""
    found = sorted({r["family"] for r in _pieces(name) if r["family"]})
    if found == ["epithelial"] and not words_of(name) - _GENERAL - _of_kind("state") - {"metastatic"} and "carcinoma" not in name:
        return None
    return found[0] if len(found) == 1 else None


def fullness(name: str) -> int:
    """How much a tumour name says of its kind: the words beside those for any cancer, its organ, its course and its markers."""
    words = words_of(name)
    empty = _GENERAL | _of_kind("state") | _of_kind("marker") | _of_kind("side") | frozenset(organ_nouns().values())
    return 4 * len(words - empty) + 2 * len(words & {"carcinoma", "adenocarcinoma"}) + len(words & _INVASIVE)


def is_malignant(name: str) -> bool:
    """Whether a name is of a cancer (or of any tumour that may be one), not of a benign growth."""
    return any(r["malignant"] == "yes" for r in _pieces(name)) or bool(re.search(r"\btumou?r$", name))


@cache
def _endings() -> list[tuple[str, str]]:
    rows = read_table(_HERE / "endings.tsv", ("ending", "site"))
    return sorted(((r["ending"], r["site"]) for r in rows), key=lambda r: -len(r[0]))


def place_in_name(name: str) -> str | None:
    """The organ that a disease's name ends with: the liver of "chronic hepatitis C"."""
    bare = _TYPE_BEHIND.sub("", name.lower())
    return next((site for ending, site in _endings() if bare.endswith(ending)), None)
