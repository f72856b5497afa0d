"""A word for a state reached becomes one outcome, where it tells of this patient's illness and not of a risk, a rate or a symptom.

"No recurrence" is a state too: what is not there any more or has not come back is no evidence of disease, what has not grown is
stable disease.
"""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from extractor.entities.lesion import fact as lesion
from extractor.entities.lexicon import read_table
from extractor.entities.reading import Draft, Reading, Sentence
from extractor.schema import CASE_KINDS, Mention

_HERE = Path(__file__).parent
ALIVE, DEATH, DISCHARGED, NED = "alive at last follow-up", "death", "discharged", "no evidence of disease"
_DENIED = {"recurrence": NED, "progression": "stable disease"}
_STILL_TO_COME = 6
"""A patient who is well so many sentences before the end of the story is well at that moment, not at the last follow-up."""
_JUST_RECOVERED = 3
"""A recovery told earlier than so many sentences before the end is that from an operation."""
_LONGEST_CUE = 6
_THERE = ("present", "new", "increased")
_DEFINITION = 3
"""A sentence with so many different outcomes defines them."""
_OF_SOMETHING_ELSE = re.compile(
    r"\s+of\s+(?!(?:[\w-]+\s+){0,4}[\w-]*(?:tumou?r|cancer|carcinoma|lymphoma|leuk|melanoma|sarcoma|malignan|metasta|neoplas|"
    r"lesion|mass|glioma|blastoma|myeloma|nodul)|(?:(?:the|this|his|her|their|any|metastatic|residual|systemic|primary|malignant|"
    r"local|underlying|extra\w+|intra\w+|CNS|brain|bone)\s+){0,3}(?:disease|illness)\b)",
    re.IGNORECASE,
)
"""A symptom that comes back or stays away is no outcome ("no recurrence of pain")."""
_OF = re.compile(r"\s+of\s+(?:the|this|his|her)?\s*")
_OCCURS = re.compile(r"\s+(?:occurred|developed|appeared|was\s+(?:diagnosed|confirmed|detected|found|proven))\b", re.IGNORECASE)
_ANOTHER_TIME = re.compile(
    r";|\b(?:currently|now|presently|until|when|then|since|at present|to date|thereafter|(?:months?|years?|weeks?) (?:later|after))\b",
    re.IGNORECASE,
)
_REMOVED = re.compile(
    r"(?:resect|excis|remov|ablat|irradiat|treat|metastasectom)\w*(?:\s+\w+){0,2}\s+(?:of|"
    r"for)?\s*(?:\w+\s+){0,3}$",
    re.IGNORECASE,
)
_FOLLOWED = re.compile(r"follow|monitor|surveil|observation", re.IGNORECASE)


@cache
def _cues() -> dict[tuple[str, str], frozenset[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for row in read_table(_HERE / "cues.tsv", ("side", "words", "outcomes")):
        found.setdefault((row["side"], row["words"].lower()), set()).update(o.strip() for o in row["outcomes"].split(";"))
    return {k: frozenset(v) for k, v in found.items()}


def build(mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """The outcome a mention tells; none where the words around it speak of something else or of what might be."""
    name = mention.name or mention.text.lower()
    sentence = reading.sentence_at(mention.start)
    if _spoken_of_otherwise(name, mention, reading, sentence):
        return []
    if mention.context.negated and _negates(mention) and not _in_brackets(mention, reading):
        if name not in _DENIED:
            return []
        name = _DENIED[name]
    return [Draft("outcome", name, mention, sentence), *_come_back(name, mention, reading, drafts)]


def same(earlier: Draft, later: Draft, reading: Reading) -> bool:
    """Whether `later` tells the state of `earlier` again: the patient dies once; other states are told again only nearby."""
    if earlier.name != later.name:
        return False
    if earlier.name in (DEATH, ALIVE):
        return earlier.name == DEATH
    if _is_adjective(later, reading):
        return True
    apart = later.sentence.index - earlier.sentence.index
    return apart == 0 or (apart == 1 and earlier.name != DISCHARGED and not reading.in_sentence(later.sentence, "time"))


def _is_adjective(draft: Draft, reading: Reading) -> bool:
    """Whether a word only says of a disease that it has come back ("for relapsed lymphoma")."""
    end = draft.mention.end
    return draft.mention.text.lower() == "relapsed" and any(m.start - end <= 1 for m in reading.within(end, end + 60, "diagnosis"))


def review(drafts: list[Draft], reading: Reading) -> list[Draft]:
    """Retellings join the outcome of the case; only the last word on how the patient is counts as the last follow-up."""
    drafts = [d for d in _retold(drafts) if not (d.type == "outcome" and d.name == NED and _ill_elsewhere(d, drafts, reading))]
    alive = [d for d in drafts if d.type == "outcome" and d.name == ALIVE]
    kept = _last_follow_up(alive, drafts, reading)
    return [d for d in drafts if d not in alive or d is kept]


def _ill_elsewhere(free: Draft, drafts: Sequence[Draft], reading: Reading) -> bool:
    """Whether the sentence that tells of no recurrence in one place tells a tumor in another: such a patient is not free of disease.

    A tumor of another time is none there: one told as removed, or before or after a word that parts the times ("until", "now").
    """
    return any(
        d.sentence == free.sentence
        and (d.attributes.get("course") in _THERE if d.type == "lesion" else "metasta" in d.name)
        and not _ANOTHER_TIME.search(reading.text[d.head[1] : free.head[0]] + reading.text[free.head[1] : d.head[0]])
        and not _REMOVED.search(reading.text[max(d.sentence.start, d.head[0] - 45) : d.head[0]])
        for d in drafts
        if d.type in ("lesion", "diagnosis")
    )


def _retold(drafts: list[Draft]) -> list[Draft]:
    """Outside the case an outcome is told again, or is not this patient's; a new one counts from an abstract only."""
    case = [d for d in drafts if d.type == "outcome" and d.sentence.section.kind in CASE_KINDS]
    if not case:
        return drafts
    kept = []
    for draft in drafts:
        told = [d for d in case if d.name == draft.name]
        if draft.type != "outcome" or draft in case or (draft.sentence.section.kind == "abstract" and not told):
            kept.append(draft)
        elif told:
            told[-1].heads += draft.heads
    return kept


def _last_follow_up(alive: list[Draft], drafts: list[Draft], reading: Reading) -> Draft | None:
    """The one word on the patient's state at the end of the story: a plain one rather than "is being followed up"."""
    if any(d.type == "outcome" and d.name == DEATH for d in drafts):
        return None
    last = max((s.index for s in reading.sentences if s.section.kind in CASE_KINDS), default=len(reading.sentences))
    late = [d for d in alive if abs(last - d.sentence.index) < (_JUST_RECOVERED if "recover" in d.mention.text else _STILL_TO_COME)]
    plain = [d for d in late if not _FOLLOWED.search(d.mention.text)]
    free = {d.sentence.index for d in drafts if d.type == "outcome" and d.name == NED}
    best = plain[-1] if plain else next((d for d in reversed(late) if d.sentence.index not in free), None)
    if best:
        best.heads += [h for d in reversed(late) if d is not best for h in d.heads]
    return best


def _come_back(name: str, mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """A recurrence with a place is also a lesion; one that is diagnosed is also a diagnosis."""
    if name != "recurrence":
        return []
    found = lesion.build(mention.model_copy(update={"label": "lesion", "name": name, "attributes": {"need": "place"}}), reading, drafts)
    cancer = [m for m in reading.within(mention.start - 60, mention.end, "diagnosis") if m.attributes.get("group") == "neoplasm"]
    if cancer and not reading.text[cancer[-1].end : mention.start].strip() and _OCCURS.match(reading.text, mention.end):
        named = f"{cancer[-1].name or cancer[-1].text.lower()} recurrence"
        head = (cancer[-1].start, mention.end)
        found.append(Draft("diagnosis", named, cancer[-1], reading.sentence_at(mention.start), head=head))
    before = reading.text[max(0, mention.start - 40) : mention.start]
    if re.search(r"\b(?:diagnosis of|diagnosed (?:with|as)) (?:an? )?(?:\w+ )?$", before, re.IGNORECASE):
        found.append(Draft("diagnosis", mention.text.lower(), mention, reading.sentence_at(mention.start)))
    return found


def _in_brackets(mention: Mention, reading: Reading) -> bool:
    """Whether a state is added in brackets: what is denied before is no part of it ("no viable cells (complete response)")."""
    return reading.text[max(0, mention.start - 1) : mention.start] == "(" and reading.text[mention.end : mention.end + 1] == ")"


def _negates(mention: Mention) -> bool:
    """Whether the negation found around a mention is outside it (the patterns for "no recurrence" hold their own)."""
    return not mention.found_by.endswith("/last_seen") and not re.match(
        r"(?:no|not|without|with no|absence|neither|free|clear|did not|has not|had not|have not)\b|.*free$",
        mention.text,
        re.IGNORECASE,
    )


def _spoken_of_otherwise(name: str, mention: Mention, reading: Reading, sentence: Sentence) -> bool:
    if len({m.name for m in reading.in_sentence(sentence, "outcome") if not m.context.negated} - {ALIVE, NED}) >= _DEFINITION:
        return True
    if name == ALIVE and mention.text.endswith("condition") and "discharged" in reading.text[sentence.start : mention.start]:
        return True
    if name in ("recurrence", "progression", "remission", NED) and _is_of_something_else(mention, reading):
        return True
    cues = _cues()
    before = reading.text[sentence.start : mention.start].lower()
    for side, stretch in (("sentence", before), ("clause", re.split(r"[,;:]\s", before)[-1])):
        if any(_holds(cues.get((side, word)), name) for word in re.findall(r"[a-z]+", stretch)):
            return True
    words = re.findall(r"[\w'’%-]+|[^\s\w]", reading.text[sentence.start : mention.start].lower())[-_LONGEST_CUE:]
    while words and words[-1] in ("a", "an", "the", "any", "local", "tumor", "disease", "further", "his", "her"):
        if _holds(cues.get(("before", " ".join(words))), name):
            return True
        words = words[:-1]
    for size in range(len(words), 0, -1):
        if _holds(cues.get(("before", " ".join(words[-size:]))), name):
            return True
    words = re.findall(r"[\w'’%]+|[^\s\w]", reading.text[mention.end : sentence.end].lower())[:_LONGEST_CUE]
    return any(_holds(cues.get(("after", " ".join(words[:size]))), name) for size in range(1, len(words) + 1))


def _is_of_something_else(mention: Mention, reading: Reading) -> bool:
    """Whether it is a symptom that comes back or stays away; a disease that is named is none ("remission of Castleman disease")."""
    following = reading.within(mention.end, mention.end + 60, "diagnosis")
    named = any(_OF.fullmatch(reading.text[mention.end : m.start]) for m in following)
    return not named and bool(_OF_SOMETHING_ELSE.match(reading.text, mention.end))


def _holds(outcomes: frozenset[str] | None, name: str) -> bool:
    return outcomes is not None and (name in outcomes or "any" in outcomes)
