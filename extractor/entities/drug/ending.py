"""How a course ended: why it was stopped, and how many cycles it had where only a later sentence says so."""

import re
from collections.abc import Iterator

from extractor.entities.drug.cues import ANTICANCER, CYCLES, cues, cues_in, said
from extractor.entities.drug.lists import around, concept, family_of, group, is_cyclic
from extractor.entities.reading import Draft, Reading, Sentence
from extractor.entities.values import number
from extractor.schema import Mention


def stop_reason(mention: Mention, reading: Reading) -> str | None:
    """Why a drug was stopped, where the sentence says that it was."""
    sentence = reading.sentence_at(mention.start)
    left, right = around(mention, reading, 80, 70)
    if re.search(r"\bcompleted (?:(?!weeks?|months?|days?|years?)[\w-]+ ){0,8}\Z", left, re.IGNORECASE) or re.match(
        r"[^.;,]{0,60}\b(?:was|were) completed\b", right, re.IGNORECASE
    ):
        return "completion"
    if said("stopping", right) is None and said("stopping", left) is None:
        return None
    text = reading.text[sentence.start : sentence.end]
    stops = [m for c in cues_in("stopping", text) for m in c.regex.finditer(text)]
    reason = _reason(text, min(stops, key=lambda m: abs(m.start() + sentence.start - mention.start)))
    return None if reason == "progression" and family_of(mention) not in ANTICANCER | {"systemic"} else reason


def _reason(text: str, stop: re.Match[str]) -> str | None:
    """The reason that stands after the word of stopping, else before it; what is no known reason is none."""
    found = [(m.start(), c.value) for c in cues_in("stop", text) for m in c.regex.finditer(text)]
    after = [f for f in found if f[0] >= stop.end()]
    return min(after)[1] if after else max(found)[1] if found else None


def learn_end(draft: Draft, drugs: list[Draft], reading: Reading) -> None:
    """Fill in from the sentences after a course how many cycles it had and why it ended, where its own words do not say."""
    if draft.attributes.get("status", "given") != "given":
        return
    others = [d for d in drugs if d.head > draft.head and d.sentence.index > draft.sentence.index and concept(d) != concept(draft)]
    if "stop_reason" not in draft.attributes:
        for start, _, mention in draft.heads[1:]:
            if reading.sentence_at(start).index > draft.sentence.index and (reason := stop_reason(mention, reading)):
                draft.attributes["stop_reason"] = reason
                break
    next_start = min((d.sentence.index for d in others), default=len(reading.sentences))
    following = list(_following(draft.sentence, reading, min(next_start, draft.sentence.index + 3)))
    for sentence in following:
        text = reading.words(sentence)
        if reading.in_sentence(sentence, "drug"):
            continue
        after = re.search(rf"\bafter (?:completing )?(?:{CYCLES.pattern})", text, re.IGNORECASE)
        if after and "cycles" not in draft.attributes and is_cyclic(group(draft.mention, reading)):
            draft.attributes["cycles"] = int(number(after["n"] or after["times"]) or 0) or None
        subject = re.search(r"\b(?:treatment|therapy|drug|medication|regimen|agent|it|infusion)s?\b", text, re.IGNORECASE)
        stop = next((m for c in cues_in("stopping", text) for m in c.regex.finditer(text)), None)
        if subject and stop and "stop_reason" not in draft.attributes and (reason := _reason(text, stop)):
            draft.attributes["stop_reason"] = reason
    if "stop_reason" not in draft.attributes and _ended_by_progression(draft, drugs, reading):
        draft.attributes["stop_reason"] = "progression"


def _following(sentence: Sentence, reading: Reading, until: int) -> Iterator[Sentence]:
    for index in range(sentence.index + 1, min(until + 1, len(reading.sentences))):
        yield reading.sentences[index]


def _ended_by_progression(draft: Draft, drugs: list[Draft], reading: Reading) -> bool:
    """Whether the disease is told to have progressed after a course and before the next anticancer drug was begun.

    A course before or after surgery ends by plan, so only a hormone given then counts.
    """
    family = family_of(draft.mention)
    if family not in ANTICANCER or draft.attributes.get("stop_reason"):
        return False
    if draft.attributes.get("intent") in ("neoadjuvant", "adjuvant", "induction", "concurrent") and family != "endocrine":
        return False
    first = draft.heads[0][0]
    following = [d for d in drugs if d.head[0] > first and d.sentence.index > draft.sentence.index and family_of(d.mention) in ANTICANCER]
    following = [d for d in following if d.attributes.get("status", "given") == "given"]
    if not following:
        return False
    begin = following[0].head[0]
    if any(begin < start < following[0].sentence.end for start, _, _ in draft.heads):
        return False  # it went on beside the next drug
    start = draft.heads[0][1]
    signs = [m.start() for c in cues("progressed") for m in c.regex.finditer(reading.text[start:begin])]
    if not signs or begin - start > 900:
        return False
    operations = reading.within(start, start + min(signs), "procedure")
    return not any(m.attributes.get("category") == "surgery" and not m.context.negated for m in operations)
