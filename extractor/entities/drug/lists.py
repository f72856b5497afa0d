"""Drugs that stand together: which are given with which, and which class word or acronym only sums up its neighbours."""

import re
from collections.abc import Sequence
from functools import lru_cache

from extractor.entities.drug.cues import ANTICANCER, STANDS_FOR, cues
from extractor.entities.reading import Draft, Reading, Sentence, remembered
from extractor.schema import Mention


def named(mention: Mention) -> str:
    if mention.attributes.get("kind") == "regimen":
        return re.sub(r"\s+", " ", mention.text)
    return mention.name or re.sub(r"\s+", " ", mention.text).lower()


def family_of(mention: Mention) -> str:
    return str(mention.attributes.get("family", "other"))


def kind_of(mention: Mention) -> str:
    return str(mention.attributes.get("kind", "drug"))


def around(mention: Mention, reading: Reading, before: int, after: int) -> tuple[str, str]:
    """The text of the sentence just before and just after a mention, at most so many characters."""
    sentence = reading.sentence_at(mention.start)
    left = reading.text[max(sentence.start, mention.start - before) : mention.start]
    return left, reading.text[mention.end : min(sentence.end, mention.end + after)]


def list_start(mention: Mention, reading: Reading) -> Mention:
    """The first drug of the list a mention stands in; ", and" between two alone begins another clause."""
    members = group(mention, reading)
    pair = len(members) == 2 and reading.text[members[0].end : members[1].start].startswith(", and")
    return mention if pair else members[0]


LONGEST_LIST = 12
"""No report gives more drugs together than this; a longer list is a table, and its ends say nothing of each other."""


def drugs_of(sentence: Sentence, reading: Reading) -> list[Mention]:
    return reading.in_sentence(sentence, "drug")


def gap(left: Mention, right: Mention, reading: Reading) -> str | None:
    """How two neighbouring drug words of a sentence belong together.

    "list" (cisplatin and etoposide), "link" (chemotherapy with cisplatin; CHOP, consisting of …), "sequence" (… followed by …),
    "apposed" (gemcitabine chemotherapy; cisplatin (CDDP)), or None where other words part them.
    """
    plural = left.text.endswith("s")
    return _gap(reading.text[left.end : right.start], kind_of(left), kind_of(right), stands_for(left, right), plural)


@lru_cache(maxsize=4096)
def _gap(between: str, left: str, right: str, stands: bool, plural: bool) -> str | None:
    """`gap` of what counts: the words between, the kinds of both, whether the left stands for the right, and is plural."""
    text = re.sub(r"\([^()]*\)", " ", spaced(between))
    if len(text) > 160 or re.search(r"[!?]|\.\s", text):
        return None
    if left == "class" and stands and re.fullmatch(r"(?: (?!and\b)[\w-]+){0,10} (?:with|using|of)(?: [\w-]+){0,2} ", text):
        return "link"
    if re.fullmatch(r"\W*, (?:an? |the )(?:[\w-]+ )?", text) and (left == "class") != (right == "class"):
        return "apposed"
    words = re.findall(r"[A-Za-zµμ][\w.²µμ]*", re.sub(r"(?<![A-Za-z])\d[\d.,]*", " ", text))
    kinds = {joins(word.rstrip(".")) for word in words}
    if None in kinds:
        return None
    if "sequence" in kinds:
        return "sequence"
    if (
        left != "drug"
        and ("link" in kinds or re.search(r"[(:\[]|\bwith\b|\bof\b|\bon\b", text))
        and (
            not re.match(r"\s*(?:and|or|,|plus|\+)", text)
            or re.match(r", (?:with|using|including|consisting|comprising|namely|i\.?e)\b", text)
        )
    ):
        return "link"
    if re.fullmatch(r"[\s-]*(?:based )?(?:drug|agent|medication)?[\s(\[\"-]*(?:an? )?", text):
        return "apposed"
    if left == "class" and stands and re.fullmatch(r",? ", text) and not plural:
        return "link"
    return "list" if "list" in kinds or re.search(r"[,/+&\u2192\u2013-]", text) else None


@lru_cache(maxsize=4096)
def joins(word: str) -> str | None:
    """How a word between two drugs joins them, by the cues; None where it is a stranger that parts them."""
    return next((c.value for c in cues("gap") if c.regex.match(word)), None)


def chain(mention: Mention, reading: Reading) -> list[Mention]:
    """The drug words of the sentence from the first that hangs together with `mention` to `mention` itself."""
    before = [m for m in drugs_of(reading.sentence_at(mention.start), reading) if m.end <= mention.start]
    found = [mention]
    for other in reversed(before[-LONGEST_LIST:]):
        if gap(other, found[0], reading) is None:
            break
        found.insert(0, other)
    return found


@remembered
def group(mention: Mention, reading: Reading) -> list[Mention]:
    """The drugs given together with a mention, itself among them, in the order of the text (of a long list its neighbours)."""
    drugs = drugs_of(reading.sentence_at(mention.start), reading)
    at = next((i for i, m in enumerate(drugs) if m.start == mention.start), None)
    if at is None:
        return [mention]
    first = last = at
    while first > max(0, at - LONGEST_LIST) and gap(drugs[first - 1], drugs[first], reading) in ("list", "apposed"):
        first -= 1
    while last + 1 < min(len(drugs), at + LONGEST_LIST) and gap(drugs[last], drugs[last + 1], reading) in ("list", "apposed"):
        last += 1
    return drugs[first : last + 1]


def stands_beside_its_drugs(mention: Mention, reading: Reading) -> bool:
    """Whether a class word or a regimen acronym stands beside the drugs it is made of, so that they are the facts."""
    if kind_of(mention) == "drug":
        return False
    drugs = drugs_of(reading.sentence_at(mention.start), reading)
    before = [m for m in drugs if m.end <= mention.start]
    after = [m for m in drugs if m.start >= mention.end]
    return (bool(after) and _introduces(mention, after, reading)) or (bool(before) and _sums_up(mention, before[-1], reading))


def _introduces(mention: Mention, after: Sequence[Mention], reading: Reading) -> bool:
    """Whether the drugs of a class word or an acronym follow it."""
    how = gap(mention, after[0], reading)
    if kind_of(mention) == "class":
        return how == "link" or (how == "apposed" and kind_of(after[0]) != "class" and not mention.text.endswith("s"))
    if kind_of(after[0]) == "class" and how == "apposed" and len(after) > 1:  # COEP chemotherapy (cyclophosphamide …)
        how, after = gap(after[0], after[1], reading), after[1:]
    drug = after[0]
    return how in ("link", "apposed") and kind_of(drug) == "drug" and family_of(drug) in ANTICANCER and is_part(drug, mention)


def _sums_up(mention: Mention, drug: Mention, reading: Reading) -> bool:
    """Whether a class word or acronym follows its drugs: gemcitabine chemotherapy, tamoxifen as endocrine therapy, … (R-CHOP)."""
    how = gap(drug, mention, reading)
    between = spaced(reading.text[drug.end : mention.start])
    if kind_of(mention) == "class":
        return how == "apposed" or re.fullmatch(r" (?:as|in the form of) (?:an? )?(?:[\w-]+ ){0,2}", between) is not None
    return kind_of(drug) == "drug" and how in ("apposed", "list") and re.search(r"[(\[] *\Z", between) is not None


def is_part(drug: Mention, regimen: Mention) -> bool:
    parts = str(regimen.attributes.get("components", "")).lower()
    return not parts or (drug.name or drug.text).lower() in parts


def stands_for(word: Mention, drug: Mention) -> bool:
    return family_of(drug) in STANDS_FOR.get(family_of(word), frozenset({family_of(word)})) and family_of(word) != "other"


def spaced(text: str) -> str:
    """`text` with every white space a plain space, of the same length."""
    return re.sub(r"\s", " ", text)


def introduced_by(mention: Mention, reading: Reading) -> Mention:
    """The class word or acronym that introduces a list ("six cycles of chemotherapy with …"), else the list's first drug."""
    before = [m for m in drugs_of(reading.sentence_at(mention.start), reading) if m.end <= mention.start]
    return before[-1] if before and gap(before[-1], mention, reading) == "link" else mention


def is_cyclic(members: Sequence[Mention]) -> bool:
    """Whether drugs are given in cycles: one of them is against cancer."""
    return any(family_of(m) in ANTICANCER or family_of(m) == "systemic" for m in members)


def concept(draft: Draft) -> str:
    """What makes two courses the same drug: a regimen is named as printed, but compared by its entry."""
    return draft.mention.name or draft.name if draft.name == named(draft.mention) else draft.name
