"""What a sentence says of a drug: dose, route, frequency, cycles, regimen and intent, in the words and units of the guidelines."""

import re
from typing import Any

from extractor.entities.drug.cues import ANTICANCER, CYCLES, Cue, cues_in, said
from extractor.entities.drug.ending import stop_reason
from extractor.entities.drug.lists import (
    around,
    chain,
    drugs_of,
    family_of,
    gap,
    group,
    introduced_by,
    is_cyclic,
    joins,
    kind_of,
    named,
    spaced,
    stands_beside_its_drugs,
)
from extractor.entities.drug.meaning import is_only_spoken_of, is_treatment
from extractor.entities.reading import Reading, remembered
from extractor.entities.values import number
from extractor.schema import Mention

_DOSE_UNIT = (
    r"(?:mgs?|gms?|gr?|mcgs?|µg|μg|ug|micrograms?|milligrams?|grams?|ng|kg|IU|UI|MIU|MU|U|units?|international units?|mEq|mmol|mL|ml|cc|mCi"
    r"|MBq|GBq|million units|million IU|drops?|tablets?|puffs?)"
)


_DOSE = re.compile(
    r"(?P<dose>(?<![\w.])\d+(?:[.,·/]\d+)*(?: ?(?:[-\u2013]|to) ?\d+(?:[.,]\d+)*)?"
    rf" ?{_DOSE_UNIT}(?![A-Za-z])"
    r"(?:(?: ?/ ?| per )"
    r"(?:m(?:[2²]| 2|\^2|\(2\))|square met(?:er|re)(?: of body[ -]surface[ -]area)?|kg(?: of body weight)?|kg body weight|dose))?"
    r"(?: ?/ ?(?:day|d|week|wk|month|hour|hr|h|min|kg|m[2²])(?![a-z]))*)"
    rf"(?: ?[(\[](?P<by_size>\d[\d.,]* ?{_DOSE_UNIT} ?/ ?(?:m[2²]|kg))[)\]])?"
    r"|(?P<auc>(?:AUC|area under the (?:concentration-time )?curve)(?: \(AUC\))? ?(?:of |= ?)?\d+(?:\.\d+)?)",
    re.IGNORECASE,
)


_DOSE_OF = re.compile(r"\d[^.;,]{0,30} of (?:the |oral |intravenous )?\Z", re.IGNORECASE)
_DOSE_BEFORE = re.compile(
    rf"(?:{_DOSE.pattern})(?: (?:daily|weekly))?(?: of)?"
    r"(?: (?:the|oral|intravenous|iv|intravenous \(iv\)|subcutaneous|intramuscular|recombinant|a day of))* ?\Z",
    re.IGNORECASE,
)
_DOSE_WORD = re.compile(
    r"(?P<word>(?:very |ultra-?)?(?:low|high|standard|full|moderate|reduced|half|maximum|physiologic(?:al)?|stress|large|small|regular"
    r"|usual|conventional|therapeutic))"
    r"[- ]?dos(?:es?|ages?)(?![a-z])",
    re.IGNORECASE,
)


_DAYS = re.compile(
    r"(?:on )?(?P<days>days? ?\d+(?:(?: ?(?:,|-|\u2013|&|to|through|and|, and) ?)(?:day ?)?\d+)*"
    r"(?:,? (?:of|on|in|every|per) (?:an? |each |every )?\d+[- ](?:day|week)(?: cycles?|s)?)?)(?!\w)",
    re.IGNORECASE,
)


_SQUARE_METRE = re.compile(r" per square met(?:er|re)(?: of body[ -]surface[ -]area)?| ?/ ?m(?:²| 2|\^2|\(2\))", re.IGNORECASE)


_ACRONYM = re.compile(
    r"\s*[(\[](?:the |modified )?(?P<name>[A-Za-z0-9][\w+/-]{1,14}(?: ?\d{2,3})?)"
    r"(?: (?:regimen|protocol|chemotherapy|scheme))?[)\]]"
)


_ACRONYM_BEFORE = re.compile(
    r"(?<![\w-])(?P<name>[A-Z][\w+/-]{1,14}(?: ?\d{2,3})?)(?: (?:regimen|protocol|chemotherapy|scheme))?\s*[(\[:]\s*\Z"
)


_BREAK = re.compile(
    r";|[.!?]\s|\bbut\b|\bwhile\b|\bwhereas\b|\bwhich\b(?! (?:was|were) (?:given|administered|started|used|prescribed)\b)"
    r"|, (?:and )?(?:s?he|the patient|it|this|they)\b",
    re.IGNORECASE,
)


_JOIN = re.compile(
    r",| and | plus | with | or | followed by | then |[+&]|/(?! ?(?:day|d|week|h|hr|min|kg|m[2²]|dose)\b)|\band\Z", re.IGNORECASE
)
"""What parts the words of a drug from those of the next one."""


def described(mention: Mention, reading: Reading) -> dict[str, Any]:
    """What the sentence says of a mention: dose, route, frequency, cycles, regimen, intent, why it ended."""
    found: dict[str, Any] = {
        "dose": _dose(mention, reading),
        "route": _route(mention, reading),
        "frequency": _frequency(mention, reading),
        "cycles": _cycles(mention, reading),
        "regimen": _regimen(mention, reading),
        "intent": intent_of(mention, reading),
        "stop_reason": stop_reason(mention, reading),
    }
    if mention.context.planned and said("stopping", around(mention, reading, 50, 40)[0]) is not None:
        found["status"] = "given"  # who advises to stop a drug says that it was given
    return {k: v for k, v in found.items() if v is not None}


@remembered
def words_after(mention: Mention, reading: Reading) -> str:
    """The words after a mention that speak of it: to the next drug or the end of the clause."""
    sentence = reading.sentence_at(mention.start)
    others = [m for m in reading.within(mention.end, sentence.end, "drug") if not _same_drug(m, mention)]
    later = [m.start for m in others if kind_of(m) != "class" or gap(mention, m, reading) != "apposed"]
    end = min([sentence.end, mention.end + 140, *later])
    # A bracket without a number names a maker or a brand; what follows it is still said of the drug.
    text = re.sub(r"\([^()\d]*\)", " ", spaced(reading.text[mention.end : end]))
    if stop := _BREAK.search(text):
        return text[: stop.start()]
    joins = list(_JOIN.finditer(text)) if end in later else []
    return text[: joins[-1].start()] if joins else text


def _same_drug(one: Mention, other: Mention) -> bool:
    return one.name is not None and one.name == other.name


@remembered
def words_before(mention: Mention, reading: Reading) -> str:
    """The words before a mention since the last drug or the start of the clause."""
    sentence = reading.sentence_at(mention.start)
    earlier = [m.end for m in reading.within(sentence.start, mention.start, "drug")]
    text = spaced(reading.text[max([sentence.start, mention.start - 80, *earlier]) : mention.start])
    stops = list(_BREAK.finditer(text))
    return text[stops[-1].end() :] if stops else text


def _near(text: str, end: int) -> bool:
    """Whether `text[:end]` holds nothing but words that belong to a drug's own description."""
    words = re.findall(r"[A-Za-z]+", text[:end])
    strange = [w for w in words if joins(w) is None]
    return sum(said("near", w) is None for w in strange) <= 1


def _beside(text: str) -> bool:
    """Whether words before a drug are few and its own ("weekly administration of 30 mg/m2 docetaxel")."""
    words = re.findall(r"[A-Za-z]\w*", text)
    if re.search(r"[),;]|\b(?:and|plus|or|then)\b", text):
        return False
    return len(words) <= 5 and sum(joins(w) is None for w in words) <= 1


def _own(text: str, end: int) -> bool:
    """Whether no "and" turns `text[:end]` to something else."""
    return re.search(r"\b(?:and|plus|or)\b", text[:end]) is None


def _dose(mention: Mention, reading: Reading) -> str | None:
    after, before = words_after(mention, reading), words_before(mention, reading)
    match = _DOSE_BEFORE.search(before)
    if match and _DOSE_OF.search(before):
        return _plain_dose(match["dose"] or match["auc"])
    if (behind := _DOSE.search(after)) and _near(after, behind.start()):
        return _plain_dose(behind["dose"] or behind["auc"]) + (f" ({_plain_dose(behind['by_size'])})" if behind["by_size"] else "")
    if match:
        return _plain_dose(match["dose"] or match["auc"])
    for text, anchored in ((before, True), (after, False)):
        for word in _DOSE_WORD.finditer(text):
            tail = text[word.end() :] if anchored else text[: word.start()]
            if len(re.findall(r"\w+", tail)) <= (3 if anchored else 4) and (anchored or _near(text, word.start())):
                return re.sub(r"dos(?:es|ages?)\Z", "dose", re.sub(r"\s+", " ", word[0].lower()))
    return _list_dose(mention, reading)


def _list_dose(mention: Mention, reading: Reading) -> str | None:
    """The dose in words said after the last drug of a list ("A and B at standard doses")."""
    members = group(mention, reading)
    if members[-1].start <= mention.start:
        return None
    after = words_after(members[-1], reading)
    word = _DOSE_WORD.search(after)
    return (
        re.sub(r"doses\Z", "dose", word[0].lower()) if word and word[0].lower().endswith("doses") and _near(after, word.start()) else None
    )


def _plain_dose(text: str) -> str:
    text = re.sub(r"\s+", " ", text.strip())
    text = re.sub(r"area under the (?:concentration-time )?curve(?: \(AUC\))?(?: of)?", "AUC", text, flags=re.IGNORECASE)
    text = _SQUARE_METRE.sub("/m2", text)
    text = re.sub(r" per kg(?: of body weight)?|/kg body weight", "/kg", text)
    text = re.sub(r" ?/ ?", "/", text)
    text = re.sub(
        r"(?<=\d)( ?)(?:mgs|(g)(?:r|ms?)|(mcg)s|UI)(?![a-z])",
        lambda m: f"{m[1]}{m[2] or m[3] or ('IU' if m[0].endswith('UI') else 'mg')}",
        text,
    )
    return re.sub(r"(?<=\d)(?=[A-Za-zµμ])(?<!m)", " ", text, count=1)


def _route(mention: Mention, reading: Reading) -> str | None:
    """The route said just before a drug, else just after it, else the one its list began with."""
    if inside := said("route", mention.text):
        return inside
    for member in reversed([m for m in group(mention, reading) if m.start <= mention.start]):
        if not _shares(member, mention, reading):
            break
        before = words_before(member, reading)
        found = [(m.end(), c.value) for c in cues_in("route", before) for m in c.regex.finditer(before)]
        found = [f for f in found if len(re.findall(r"\w+", before[f[0] :])) <= 3 and _own(before[f[0] :], len(before))]
        if found:
            return max(found)[1]
        if member is mention and (value := _route_after(mention, reading)):
            return value
    members = group(mention, reading)
    return _route_after(members[-1], reading) if family_of(mention) == "nutrient" and members[-1] is not mention else None


def _shares(member: Mention, mention: Mention, reading: Reading) -> bool:
    """Whether what is said of an earlier drug of a list also holds for a later one: they are of a kind, or a pair."""
    between = reading.text[member.end : mention.start]
    return (
        member is mention
        or family_of(member) == family_of(mention)
        or between in (" and ", " or ", "/")
        or {family_of(member), family_of(mention)} <= ANTICANCER
    )


def _route_after(mention: Mention, reading: Reading) -> str | None:
    after = words_after(mention, reading)
    found = [
        (m.start(), c.value)
        for c in cues_in("route", after)
        if (m := c.regex.search(after)) and _near(after, m.start()) and _own(after, m.start())
    ]
    return min(found)[1] if found else None


def _frequency(mention: Mention, reading: Reading) -> str | None:
    own = _own_frequency(mention, reading)
    if own:
        return own
    members = group(mention, reading)
    first = members[0]
    shared = first.start < mention.start and _shares(first, mention, reading) and not _own_dose(mention, reading)
    if shared and not _own_dose(first, reading) and not _said_after(first, reading) and (before := _said_before(first, reading)):
        return before  # "daily isoniazid and rifampicin"
    if len(members) > 1 and members[-1] is not mention and is_cyclic(members) and not _own_dose(mention, reading):
        last = members[-1]
        return _said_after(last, reading) if not _own_dose(last, reading) else None
    return None


def _own_dose(mention: Mention, reading: Reading) -> bool:
    after = words_after(mention, reading)
    match = _DOSE.search(after)
    return match is not None and _near(after, match.start())


def _own_frequency(mention: Mention, reading: Reading) -> str | None:
    return _said_after(mention, reading) or _said_before(mention, reading)


def _said_before(mention: Mention, reading: Reading) -> str | None:
    before = words_before(mention, reading)
    found = [
        (m.end(), -i, c, m)
        for i, c in enumerate(cues_in("frequency", before))
        for m in c.regex.finditer(before)
        if _beside(before[m.end() :])
    ]
    if not found:
        return None
    _, _, cue, match = max(found, key=lambda f: f[:2])
    return _filled(cue, match)


def _said_after(mention: Mention, reading: Reading) -> str | None:
    after = words_after(mention, reading)
    days = _DAYS.search(after)
    parts = [re.sub(r"\s+", " ", days["days"])] if days and _near(after, days.start()) else []
    near = [(i, c, m) for i, c in enumerate(cues_in("frequency", after)) if (m := c.regex.search(after)) and _near(after, m.start())]
    found = [(m.start(), i, c, m) for i, c, m in near if _own(after, m.start())]
    if found and not (parts and "cycle" in parts[0]):
        _, _, cue, match = min(found, key=lambda f: f[:2])
        parts.append(_filled(cue, match))
    return ", ".join(parts) or None


def _filled(cue: Cue, match: re.Match[str]) -> str:
    """The value of a frequency cue with its number and unit filled in."""
    groups = {k: v for k, v in match.groupdict().items() if v is not None}
    if not groups:
        return cue.value
    count = number(groups.get("n") or groups.get("m") or "") or 1
    unit = {"h": "hour", "hr": "hour", "wk": "week"}.get(groups.get("unit", "").lower(), groups.get("unit", "").lower())
    text = cue.value.replace("{n}", f"{count:g}").replace("{unit}", unit)
    return {"every 1 weeks": "weekly", "every 1 days": "daily", "every 24 hours": "daily", "every 12 hours": "every 12 hours"}.get(
        text, text
    )


def _cycles(mention: Mention, reading: Reading) -> int | None:
    """The number of cycles said of a mention or of its list, before it or after it in the clause."""
    members = group(mention, reading)
    if not is_cyclic(members):
        return None
    sentence = reading.sentence_at(mention.start)
    later = [m.start for m in reading.within(members[-1].end, sentence.end, "drug") if kind_of(m) == "drug"]
    rest = reading.text[members[-1].end : min([sentence.end, members[-1].end + 140, *later])]
    texts = [
        words_before(members[0], reading),
        words_after(mention, reading),
        words_before(introduced_by(members[0], reading), reading),
        rest,
    ]
    for text in texts:
        for match in CYCLES.finditer(text):
            value = number(match["n"] or match["times"])
            if value and not re.search(r"\b(?:cycle|day|week) ?\Z", text[: match.start()], re.IGNORECASE):
                return int(value)
    return None


def _regimen(mention: Mention, reading: Reading) -> str | None:
    """The printed acronym of a drug's regimen, else the drugs given together with it."""
    if kind_of(mention) == "regimen":
        return None
    members = group(mention, reading)
    last = members[-1]
    if kind_of(mention) == "drug" and (acronym := _acronym(members, reading)):
        return acronym
    if not is_cyclic(members) or last.context.declined:
        return None
    others = [m for m in members if named(m) != named(mention) and not stands_beside_its_drugs(m, reading) and is_treatment(m, reading)]
    others = [m for m in others if not is_only_spoken_of(m, reading)]
    return ", ".join(dict.fromkeys(named(m) for m in others)) or None


def _acronym(members: list[Mention], reading: Reading) -> str | None:
    printed = [m for m in members if kind_of(m) == "regimen" and stands_beside_its_drugs(m, reading)]
    if printed:
        return re.sub(r"\s+", " ", printed[0].text)
    drugs = drugs_of(reading.sentence_at(members[0].start), reading)
    before = [m for m in drugs if m.end <= members[0].start]
    if (
        before
        and kind_of(before[-1]) == "regimen"
        and gap(before[-1], members[0], reading) == "link"
        and stands_beside_its_drugs(before[-1], reading)
    ):
        return re.sub(r"\s+", " ", before[-1].text)
    sentence = reading.sentence_at(members[0].start)
    for match in (
        _ACRONYM.match(reading.text, members[-1].end),
        _ACRONYM_BEFORE.search(reading.text, max(sentence.start, members[0].start - 40), members[0].start),
    ):
        if match and len({named(m) for m in members}) > 1 and sum(c.isupper() for c in match["name"]) >= 2:
            return match["name"]
    return None


@remembered
def intent_of(mention: Mention, reading: Reading) -> str | None:
    """The purpose said before the drugs that hang together with a mention, nearest first, else just after them."""
    for member in reversed(chain(mention, reading)):
        if not _shares(member, mention, reading) and not is_cyclic([member]):
            break
        if inside := [c.value for c in cues_in("intent", member.text) if c.regex.search(member.text)]:
            return inside[0]
        before = words_before(member, reading)
        found = [
            (m.end(), c.value) for c in cues_in("intent", before) for m in c.regex.finditer(before) if _leads_to_drug(before[m.end() :])
        ]
        found = [f for f in found if is_cyclic([member]) or f[1] not in ("neoadjuvant", "adjuvant")]
        if found:
            return max(found)[1]
    members = group(mention, reading)
    after = words_after(members[-1], reading)
    found = [
        (m.start(), c.value)
        for c in cues_in("intent", after)
        if (m := c.regex.search(after)) and not re.match(r"[ -](?:radi|irradi|surg)", after[m.end() :])
        if is_cyclic([mention]) or c.value not in ("neoadjuvant", "adjuvant")
    ]
    return min(found)[1] if found else None


def _leads_to_drug(text: str) -> bool:
    """Whether the words between an intent and a drug leave the intent with the drug and not with surgery or radiotherapy."""
    text = re.sub(r"\b(?:radio-?chemo|chemo-?radi)\w*", "chemotherapy", text, flags=re.IGNORECASE)
    elsewhere = re.search(r"radi|surg|ectomy|resection|dissection|care\b|stem cell|transplant", text, re.IGNORECASE)
    return len(re.findall(r"\w+", text)) <= 9 and elsewhere is None
