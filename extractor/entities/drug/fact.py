"""Drug words to courses of treatment: one fact for each course of one drug, with what its sentence says of it.

A class word ("chemotherapy") is a fact only where it stands for itself: beside its drugs it introduces them, and after them it
speaks of them again. What counts as a cue is data (cues.tsv); this module only says where a cue is looked for.
"""

import re
from collections.abc import Sequence
from typing import Any

from extractor.entities.drug.attributes import described, intent_of, words_before
from extractor.entities.drug.cues import ANTICANCER, cues, said
from extractor.entities.drug.ending import learn_end
from extractor.entities.drug.lists import (
    around,
    chain,
    concept,
    family_of,
    group,
    is_cyclic,
    is_part,
    kind_of,
    named,
    stands_beside_its_drugs,
    stands_for,
)
from extractor.entities.drug.meaning import is_only_spoken_of, is_passing, is_treatment
from extractor.entities.reading import Draft, Reading
from extractor.schema import CASE_KINDS, Mention

LATER = frozenset({"second-line", "third-line", "later-line", "salvage", "maintenance"})
"""Intents that cannot be a first course's."""
FAR = 12
"""How many sentences back the course may be told that "the same regimen" gives again."""
_PRONOUNS = frozenset({"it", "the latter", "the former"})
_ONE = re.compile(r"\b(?:it|latter|drug|agent|medication|medicine)\Z", re.IGNORECASE)
_GIVEN_AGAIN = re.compile(
    r"[^.,;]{0,30}?\b(?:was|were) (?:then )?(?:again (?:given|tried|administered|used|started)|(?:given|tried|"
    r"administered|used|started|introduced)"
    r" (?:once )?(?:again|anew))\b",
    re.IGNORECASE,
)
_ONE_MORE = re.compile(
    r"\b(?:additional|further|another|post-?(?:operative|surgical)|adjuvant)\b[^.,;]{0,40}\b(?:with|of|using)\s+(?:the\s+)?$", re.IGNORECASE
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_REPEATED = re.compile(r" (?:was|were) (?:then |later |subsequently )?(?:repeated|given again|again given)\b")


def build(mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """The course a mention tells of; none where the word is no treatment, or stands beside the drugs it sums up."""
    if kind_of(mention) == "again":
        return [_draft(mention, reading, d.name, {}, d) for d in _given_before(mention, reading, drafts)]
    if not is_treatment(mention, reading) or stands_beside_its_drugs(mention, reading):
        return []
    in_case = reading.sentence_at(mention.start).section.kind in CASE_KINDS
    if kind_of(mention) == "class" and not in_case and any(d.type == "drug" for d in drafts):
        return []  # an abstract or a discussion sums up in class words what the case has told by name
    if _is_the_same_again(mention, reading) and (known := _meant(mention, reading, drafts)):
        return [_draft(mention, reading, d.name, {}, d) for d in known]
    if kind_of(mention) == "class" and not _is_new_class(mention, reading, drafts) and (known := _meant(mention, reading, drafts)):
        return [_retelling(d, mention, reading) for d in known]
    if kind_of(mention) == "regimen" and (known := _parts_told(mention, reading, drafts)):
        return [_retelling(d, mention, reading) for d in known]
    name = named(mention)
    if is_only_spoken_of(mention, reading) and not any(d.type == "drug" and d.name == name for d in drafts):
        return []
    return [_draft(mention, reading, name, described(mention, reading), None)]


def _retelling(known: Draft, mention: Mention, reading: Reading) -> Draft:
    """What a class word or an acronym that means a known course adds to it."""
    attributes = {k: v for k, v in described(mention, reading).items() if k in ("cycles", "stop_reason", "intent")}
    if reading.sentence_at(mention.start).index - known.sentence.index > 2 or is_only_spoken_of(mention, reading):
        attributes.pop("intent", None)
    return _draft(mention, reading, known.name, attributes, known)


def same(earlier: Draft, later: Draft, reading: Reading) -> bool:
    """Whether `later` speaks of the course `earlier`: the same drug, nothing that contradicts, and no word of a new course."""
    if concept(earlier) != concept(later):
        return False
    if kind_of(later.mention) == "again" or (later.name != named(later.mention) and _is_the_same_again(later.mention, reading)):
        return False
    if earlier.attributes.get("status", "given") != later.attributes.get("status", "given"):
        return False
    for key in ("intent", "route"):
        if earlier.attributes.get(key) and later.attributes.get(key) and earlier.attributes[key] != later.attributes[key]:
            return False
    if later.name != named(later.mention):
        return True
    return not _is_new_course(earlier, later, reading)


def review(drafts: list[Draft], reading: Reading) -> list[Draft]:
    """Planned courses that were given become given; class words that later drugs explain go; courses learn how they ended."""
    drugs = sorted((d for d in drafts if d.type == "drug"), key=lambda d: d.head)
    gone: set[int] = set()
    for draft in drugs:
        if id(draft) not in gone:
            gone |= _absorbed(draft, drugs, reading)
    kept = [d for d in drugs if id(d) not in gone]
    for draft in kept:
        learn_end(draft, kept, reading)
    return [d for d in drafts if id(d) not in gone]


def _meant(mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """The courses a class word refers back to: the latest that it can mean, with those given together with it."""
    earlier = [
        d
        for d in drafts
        if d.type == "drug" and (d.name == mention.name or (kind_of(d.mention) != "class" and stands_for(mention, d.mention)))
    ]
    earlier = [d for d in earlier if d.attributes.get("status") != "declined" or d.name == mention.name]
    if not earlier:
        return []
    last = max(earlier, key=lambda d: d.head)
    if not is_cyclic(group(last.mention, reading)):
        partners = {m.start for m in group(last.mention, reading)}
        return [d for d in earlier if d is last or d.head[0] in partners]
    return _with_partners(last, [d for d in drafts if d.type == "drug"], reading)


def _given_before(mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """The courses that "the same regimen", "both drugs" or "it" give again: the last one told, with its partners unless one is meant."""
    index = reading.sentence_at(mention.start).index
    reach = 1 if mention.text.lower() in _PRONOUNS else FAR
    given = [d for d in drafts if d.type == "drug" and d.attributes.get("status", "given") == "given" and d.head[0] < mention.start]
    told = {id(d): max(h[0] for h in d.heads if h[0] < mention.start) for d in given}
    given = [d for d in given if index - reading.sentence_at(told[id(d)]).index <= reach]
    if not given:
        return []
    of_the_illness = [d for d in given if family_of(d.mention) in ANTICANCER]
    last = max(of_the_illness or given, key=lambda d: told[id(d)])
    partners = {m.start for m in group(last.mention, reading)}
    together = sorted((d for d in given if d.head[0] in partners), key=lambda d: d.head)
    if mention.text.lower().endswith("former"):
        return together[:1]
    return [last] if _ONE.search(mention.text) or last not in together else together


def _is_the_same_again(mention: Mention, reading: Reading) -> bool:
    """Whether a class word gives what was given before once more: "the same chemotherapy was repeated"."""
    if kind_of(mention) != "class":
        return False
    left, right = around(mention, reading, 60, 45)
    if not re.search(r"\b(?:the same|this|identical)\s*\Z", left, re.IGNORECASE):
        return False
    return said("restart", left) is not None or _REPEATED.match(right) is not None or _restarts(mention, reading)


def _with_partners(draft: Draft, drafts: Sequence[Draft], reading: Reading) -> list[Draft]:
    """A course and those told in one list with it."""
    partners = {m.start for m in group(draft.mention, reading)}
    alike = [d for d in drafts if d.head[0] in partners and d.attributes.get("status") == draft.attributes.get("status")]
    return alike if draft in alike and is_cyclic([d.mention for d in alike]) else [draft]


def _parts_told(mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """The courses that a regimen acronym sums up: its own drugs, or those printed with it, told just before."""
    index = reading.sentence_at(mention.start).index
    recent = [d for d in drafts if d.type == "drug" and kind_of(d.mention) == "drug" and index - d.sentence.index <= 8]
    intent = intent_of(mention, reading)
    recent = [d for d in recent if not intent or d.attributes.get("intent") in (None, intent)]
    told = [d for d in recent if d.attributes.get("regimen") == named(mention)]
    parts = [d for d in recent if mention.attributes.get("components") and is_part(d.mention, mention)]
    if _is_one_more(mention, reading, told or parts):
        return []
    if told or not parts or said("restart", words_before(mention, reading)) is not None:
        return told
    if len({d.name for d in parts}) > 1:
        return parts
    return _with_partners(parts[-1], recent, reading) if is_passing(mention, reading) else []


def _is_one_more(mention: Mention, reading: Reading, known: Sequence[Draft]) -> bool:
    """Whether an acronym gives its drugs once more: it says so, or more of it is given after an operation told since."""
    if not known:
        return False
    if _GIVEN_AGAIN.match(around(mention, reading, 0, 60)[1]):
        return True
    since = reading.within(max(d.head[1] for d in known), mention.start, "procedure")
    operated = any(m.attributes.get("category") in ("surgery", "radiotherapy") for m in since)
    start = reading.sentence_at(mention.start).start
    return operated and bool(_ONE_MORE.search(reading.text[max(start, mention.start - 80) : mention.start]))


def _is_new_class(mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> bool:
    """Whether a class word tells of a course of its own rather than of one told before."""
    if mention.context.declined or mention.context.planned:
        return True
    known = _meant(mention, reading, drafts)
    if not known or any(m.start == d.mention.start for m in group(mention, reading) for d in known if m is not mention):
        return True
    near = reading.sentence_at(mention.start).index - reading.sentence_at(known[-1].heads[-1][0]).index
    intent = intent_of(mention, reading)
    told = known[-1].attributes.get("intent")
    if intent and (told not in (None, intent) or (told is None and (near > 2 or intent in LATER))):
        return True
    left, _ = around(mention, reading, 60, 0)
    if is_passing(mention, reading):
        return False
    begun = re.search(
        r"\b(?:started|begun|began|initiated|commenced|switched|changed)(?: (?:on|to|with|a|an|the|new|systemic|palliative))* *\Z",
        left,
    )
    if begun and kind_of(known[-1].mention) != "class" and known[-1].sentence.index < reading.sentence_at(mention.start).index:
        return True
    return said("restart", left) is not None or (near > 2 and said("starting", left) is not None)


def _draft(mention: Mention, reading: Reading, name: str, attributes: dict[str, Any], known: Draft | None) -> Draft:
    evidence = attributes.pop("evidence", [])
    source = known.mention if known else mention
    if components := source.attributes.get("components") if kind_of(source) == "regimen" else None:
        attributes["components"] = tuple(str(components).split(", "))
    return Draft("drug", name, mention, reading.sentence_at(mention.start), attributes, evidence)


def _is_new_course(earlier: Draft, later: Draft, reading: Reading) -> bool:
    """Whether a later mention of a drug begins another course of it."""
    mention = later.mention
    before = words_before(mention, reading)
    left, _ = around(chain(mention, reading)[0], reading, 70, 0)
    if re.search(r"\b(?:combination with|added to|addition to|addition of|after|since|during)\s*\Z", before, re.IGNORECASE):
        return False
    if _restarts(mention, reading):
        return not (later.sentence.index - earlier.sentence.index <= 2 and _restarts(earlier.mention, reading))
    if re.search(r"\bof\s*\Z", before):
        return False
    if earlier.sentence.index == later.sentence.index:
        return False
    if later.attributes.get("intent") in ("prophylactic", "maintenance") and not earlier.attributes.get("intent"):
        return True
    starts = (
        said("starting", left) is not None or _starts_after(mention, reading) or re.search(r"\b(?:followed by|then)\b", left) is not None
    )
    if not starts or is_passing(mention, reading):
        return False
    if later.attributes.get("intent") and not earlier.attributes.get("intent"):
        return True
    if _in_another_year(earlier, later, reading):
        return True
    if family_of(mention) not in ANTICANCER:
        return False
    told, now = earlier.attributes.get("regimen"), later.attributes.get("regimen")
    return (
        bool(now)
        and now != told
        and len(group(mention, reading)) > 1
        and later.sentence.index - earlier.sentence.index > 0
        and bool(told or now)
    )


def _in_another_year(earlier: Draft, later: Draft, reading: Reading) -> bool:
    """Whether each course begins in a year of its own ("in 2010 … in 2015 he was given …"); the next year a course may still go on."""
    years = [_YEAR.search(reading.text, d.sentence.start, d.sentence.end) for d in (earlier, later)]
    found = [int(y[0]) for y in years if y]
    return len(found) == 2 and found[1] - found[0] > 1


def _restarts(mention: Mention, reading: Reading) -> bool:
    """Whether the words beside a mention say that it was begun anew ("restarted X", "X was reinitiated")."""
    _, right = around(group(mention, reading)[-1], reading, 0, 45)
    again = re.match(r"(?: therapy| treatment| chemotherapy)? (?:was|were) (?:then |subsequently |later )?(?:\w+ly )?", right)
    after = again is not None and any(c.regex.match(right, again.end()) for c in cues("restart"))
    return after or _GIVEN_AGAIN.match(right) is not None or said("restart", words_before(mention, reading)) is not None


def _starts_after(mention: Mention, reading: Reading) -> bool:
    _, right = around(group(mention, reading)[-1], reading, 0, 40)
    return (
        re.match(
            r"[^.;]{0,25}\b(?:was|were) (?:then |subsequently |re)?-?"
            r"(?:started|begun|initiated|administered|given|commenced|added)",
            right,
        )
        is not None
    )


def _absorbed(draft: Draft, drugs: list[Draft], reading: Reading) -> set[int]:
    """The drafts that `draft` makes superfluous: itself, where later drugs explain a class word; later ones, where a plan was done."""
    later = [d for d in drugs if d.head > draft.head]
    before = [d for d in drugs if d.name == draft.name and d.head < draft.head and d.attributes.get("status", "given") == "given"]
    if draft.attributes.get("status") == "planned" and before and kind_of(draft.mention) == "drug":
        return {id(draft)}
    if draft.attributes.get("status") == "planned":
        carried = [d for d in later if d.name == draft.name and d.attributes.get("status", "given") == "given"]
        if carried:
            given = carried[0]
            told = {k: v for k, v in draft.attributes.items() if k != "status" and not (k == "cycles" and "cycles" in given.attributes)}
            draft.attributes = {**given.attributes, **told}
            draft.heads += given.heads
            draft.evidence += given.evidence
            return {id(given)}
        meant = [d for d in later if kind_of(draft.mention) == "class" and stands_for(draft.mention, d.mention)]
        if not meant:
            return set()
        if meant[0].sentence.index - draft.sentence.index <= 3:
            _hand_over(draft, _with_partners(meant[0], later, reading))
        return {id(draft)}
    if kind_of(draft.mention) != "class" or draft.attributes.get("status", "given") != "given":
        return set()
    explained = [d for d in later if kind_of(d.mention) != "class" and stands_for(draft.mention, d.mention)]
    if not explained:
        return set()
    if family_of(draft.mention) == "systemic" and draft.attributes.get("intent") is None:
        return {id(draft)}
    passing = family_of(draft.mention) == "chemotherapy" and is_passing(draft.mention, reading) and not draft.attributes.get("intent")
    soon = explained[0].sentence.index - draft.sentence.index <= 2
    text = reading.words(explained[0].sentence)
    introduced = soon and re.search(r"\b(?:consist|includ|compris|regimen|protocol)", text) is not None
    if introduced:
        _hand_over(draft, _with_partners(explained[0], later, reading))
    return {id(draft)} if passing or introduced else set()


def _hand_over(word: Draft, courses: Sequence[Draft]) -> None:
    """Give what was said of a class word to the courses that it meant."""
    said_of_it = {k: v for k, v in word.attributes.items() if k in ("cycles", "intent", "frequency", "stop_reason")}
    for course in courses:
        course.attributes = {**said_of_it, **course.attributes}
        course.heads += word.heads
