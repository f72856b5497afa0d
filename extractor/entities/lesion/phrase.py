"""How a lesion is spoken of: where its noun phrase begins, whether it is known already, whether the word names one at all."""

import re

from extractor.entities.lesion.cues import cue
from extractor.entities.lesion.telling import count_of, sizes
from extractor.entities.reading import Reading
from extractor.entities.site import cues
from extractor.schema import Mention

_SIZE_IN_BRACKETS = r"[><~≥≤]?\s?\d[\d.,x×\s]*\s?[cm]m"
_STOP = re.compile(
    rf"{cues.cue('stop').pattern}(?!-)\s*|\.(?!\s?\d)\s*|\((?!{_SIZE_IN_BRACKETS})\s*|(?<![cm]m)\)\s*|[;:\[\]]\s*",
    re.IGNORECASE,
)
_BETWEEN_LENGTHS = re.compile(r"\d\s?(?:[cm]m)?\s?by\s+\d", re.IGNORECASE)
"""The by of "4 cm by 3 cm" ends no phrase."""
_ARTICLE = re.compile(r"\b(?:an?|another)\s+$", re.IGNORECASE)
_SHOWN = re.compile(r"\b(?:reveal|show|demonstrat|disclos|detect|identif|depict)(?:s|ed|ing|es|ied)\s+$", re.IGNORECASE)
_QUANTITY = re.compile(r"(?:some|no|any)\s", re.IGNORECASE)
_DEFINITE = re.compile(r"\b(?:the|this|these|those|that|his|her|their|its|such)\s+$", re.IGNORECASE)
_ALL = re.compile(r"(?:both|all)\s", re.IGNORECASE)
_COPULA = re.compile(r"(?<!there )\b(?:was|is|were|are|be|being)\s+(?:an?\s+)?$", re.IGNORECASE)
_PLURAL = re.compile(r"(?:(?<!s)(?<!si)s|metastases|foci|adenopathies)$", re.IGNORECASE)
_CONFUSED = {"mass": "no_mass_before", "tumor": "no_tumor_before", "lesion": "no_kind_before"}
"""The cues before a word that make it another thing: "body mass", "germ cell tumor" (a disease), "mastoid process"."""
_REACH = 500
COORDINATED = re.compile(r"\s*(?:,|and|or)\s+(?:[\w-]+\s+){0,3}", re.IGNORECASE)
"""What stands between two coordinated nouns."""


def around(reading: Reading, start: int, end: int) -> tuple[int, int]:
    """The sentence of a head, as far as it can concern the head: in text without full stops no word looks at all others."""
    sentence = reading.sentence_at(start)
    return max(sentence.start, start - _REACH), min(sentence.end, end + _REACH)


def phrase_start(reading: Reading, start: int) -> int:
    """Where the noun phrase before a head begins: behind the last article, preposition, verb or bracket."""
    return reading.once((phrase_start, start), lambda: _phrase_start(reading, start))


def _phrase_start(reading: Reading, start: int) -> int:
    first, _ = around(reading, start, start)
    for stop in _STOP.finditer(reading.text, first, start):
        if _BETWEEN_LENGTHS.search(reading.text[stop.start() - 4 : stop.end() + 2]):
            continue
        first = stop.start() if _QUANTITY.match(stop[0]) else stop.end()
    heads = [m.end for m in reading.within(first, start, "lesion", "procedure", "drug", "diagnosis")]
    return max([first, *heads])


def is_definite(reading: Reading, mention: Mention) -> bool:
    """Whether the text speaks of a lesion already known: "the mass", "these nodules"."""
    phrase = phrase_start(reading, mention.start)
    return bool(_DEFINITE.search(reading.text[max(0, phrase - 12) : phrase]) or _ALL.match(reading.text, phrase))


def is_introduced(reading: Reading, mention: Mention) -> bool:
    """Whether a lesion comes new into the text: "a lesion", "two lesions"."""
    phrase = phrase_start(reading, mention.start)
    return bool(_ARTICLE.search(reading.text[max(0, phrase - 9) : phrase])) or (count_of(reading.text[phrase : mention.end]) is not None)


def is_shown(reading: Reading, mention: Mention) -> bool:
    """Whether an examination shows a lesion that has no article: "X-ray showed cavitary lesion"."""
    phrase = phrase_start(reading, mention.start)
    return bool(_SHOWN.search(reading.text[max(0, phrase - 14) : phrase]))


def is_single(reading: Reading, mention: Mention) -> bool:
    """Whether a singular comes with an article, so that the text speaks of one thing: "a mass", not "metastasis in the liver"."""
    phrase = phrase_start(reading, mention.start)
    return bool(_ARTICLE.search(reading.text[max(0, phrase - 9) : phrase])) and not cue("uncounted").fullmatch(str(mention.name))


def is_plural(mention: Mention) -> bool:
    """Whether a lesion word is a plural."""
    return bool(_PLURAL.search(mention.text))


def is_echo(reading: Reading, mention: Mention) -> bool:
    """Whether a word only takes up a lesion told before: "lesion excision", nodules "consistent with metastases"."""
    before = reading.text[max(0, mention.start - 60) : mention.start]
    lead = reading.text[around(reading, mention.start, mention.end)[0] : phrase_start(reading, mention.start)]
    return bool(
        re.match(rf"\s+(?:{cue('echo').pattern})", reading.text[mention.end : mention.end + 30], re.IGNORECASE)
        or _COPULA.search(lead)
        or re.search(rf"(?<!\ba )(?<!\ban )(?:{cue('reading').pattern})\s+(?:an?\s+|the\s+)?(?:[\w-]+\s+){{0,2}}$", before, re.IGNORECASE)
    )


def is_no_lesion(reading: Reading, mention: Mention, phrase: int) -> bool:
    """Whether the words around make it none: "tumor cells", "body mass", what is said of such lesions in general."""
    after = reading.text[mention.end : mention.end + 40]
    before = reading.text[max(0, mention.start - 30) : mention.start]
    low, high = around(reading, mention.start, mention.end)
    sentence = reading.text[low:high]
    if cue("always_general").search(sentence) and not sizes(reading.text, phrase, mention.end + 40):
        return True
    general = cue("general").search(sentence) and not is_definite(reading, mention)
    return bool(
        re.match(rf"[\s-]+(?:{cue('no_lesion_after').pattern})", after, re.IGNORECASE)
        or re.search(rf"(?:{cue(_CONFUSED.get(str(mention.name), 'no_process_before')).pattern})[\s-]+$", before, re.IGNORECASE)
        or re.search(rf"(?:{cue('inside').pattern})\s+(?:[\w-]+\s+){{0,4}}$", before, re.IGNORECASE)
        or (general and not sizes(reading.text, phrase, mention.end + 40))
    )


def has_what_it_needs(reading: Reading, mention: Mention, phrase: int, placed: bool) -> bool:
    match mention.attributes.get("need"):
        case "affected":
            return _affected(reading, mention, phrase)
        case "tumorous":
            low, high = around(reading, mention.start, mention.end)
            return bool(cue("tumorous").search(reading.text[low:high]))
        case "place":
            return placed
        case "countable":
            return placed and (is_plural(mention) or is_definite(reading, mention) or is_introduced(reading, mention))
    return True


def _affected(reading: Reading, mention: Mention, phrase: int) -> bool:
    """Whether a bare node word speaks of diseased nodes: a word of disease in its phrase or after it, or "3 of 17 nodes"."""
    first, end = around(reading, mention.start, mention.end)
    text = reading.text
    if re.match(rf"[\s-]+(?:{cue('unaffected').pattern})", text[mention.end : mention.end + 30], re.IGNORECASE):
        return False
    following = next(iter(reading.within(mention.end, end, "lesion")), None)
    if following and following.name == "metastasis" and COORDINATED.fullmatch(text[mention.end : following.start]):
        return False
    told = [m.end for m in reading.within(first, phrase, "lesion")]
    lead = text[max([first, phrase - 60, *told]) : mention.start]
    tail = text[mention.end : min(end, mention.end + 70)]
    clause = re.split(r"[,;]|\.\s", lead)[-1] + " " + re.split(r"[,;]|\.\s", tail)[0]
    return bool(cue("affected").search(f"{lead} {tail}")) and not cue("healthy").search(clause)
