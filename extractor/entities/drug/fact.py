"""Drug words to courses of treatment: one fact for each course of one drug, with what its sentence says of it.

A class word ("chemotherapy") is a fact only where it stands for itself: beside its drugs it introduces them, and after them it speaks of
them again. What counts as a cue is data (cues.tsv); this module only says where a cue is looked for.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from extractor.entities.lexicon import expand, macros, read_table
from extractor.entities.reading import Draft, Reading, Sentence
from extractor.entities.values import number
from extractor.schema import CASE_KINDS, Mention

CUES = Path(__file__).with_name("cues.tsv")
ANTICANCER = frozenset(
    {"chemotherapy", "cytotoxic class", "targeted", "targeted class", "kinase inhibitor", "immunotherapy", "cell therapy", "endocrine",
     "endocrine class", "radionuclide"}
)  # fmt: skip
MICROBES = frozenset({"antibiotic", "antimicrobial", "antifungal", "antiviral", "antituberculous", "antiparasitic"})
"""What is said to resist or answer these is a germ as often as the patient."""
STANDS_FOR = {
    "chemotherapy": frozenset({"chemotherapy", "cytotoxic class", "targeted", "kinase inhibitor", "immunotherapy"}),
    "systemic": ANTICANCER,
    "targeted": frozenset({"targeted", "kinase inhibitor"}),
    "immunotherapy": frozenset({"immunotherapy", "cell therapy"}),
    "antibiotic": frozenset({"antibiotic", "antimicrobial", "antituberculous"}),
}
"""The families of drugs that a class word of a family may mean; every other family means itself only."""
_DOSE_UNIT = (
    r"(?:mg|g|mcg|µg|μg|ug|micrograms?|milligrams?|grams?|ng|kg|IU|MIU|MU|U|units?|international units?|mEq|mmol|mL|ml|cc|mCi|MBq|GBq|million units"
    r"|million IU|drops?|tablets?|puffs?)"
)
_DOSE = re.compile(
    rf"(?P<dose>(?:AUC (?:of )?|area under the curve (?:of )?)?(?<![\w.])\d+(?:[.,·/]\d+)*(?: ?(?:[-\u2013]|to) ?\d+(?:[.,]\d+)*)? ?{_DOSE_UNIT}(?![A-Za-z])"
    r"(?:(?: ?/ ?| per )(?:m[2²]|square met(?:er|re)(?: of body[ -]surface[ -]area)?|kg(?: of body weight)?|kg body weight|dose))?"
    r"(?: ?/ ?(?:day|d|week|wk|month|hour|hr|h|min|kg|m[2²])(?![a-z]))*)"
    r"|(?P<auc>AUC ?(?:of |= ?)?\d+(?:\.\d+)?)",
    re.IGNORECASE,
)
_DOSE_WORD = re.compile(
    r"(?P<word>(?:very |ultra-?)?(?:low|high|standard|full|moderate|reduced|half|maximum|physiologic(?:al)?|stress))"
    r"[- ]?dos(?:es?|ages?)(?![a-z])",
    re.IGNORECASE,
)
_DAYS = re.compile(
    r"(?:on )?(?P<days>days? ?\d+(?:(?: ?(?:,|-|\u2013|&|to|through|and|, and) ?)(?:day ?)?\d+)*"
    r"(?:,? (?:of|on|in|every|per) (?:an? |each |every )?\d+[- ](?:day|week)(?: cycles?|s)?)?)(?!\w)",
    re.IGNORECASE,
)
_CYCLES = re.compile(
    rf"(?<![\w-])(?P<n>{macros()['number_word']}|\d{{1,2}})[- ](?:(?!week|day|month|year)[a-z-]+ ){{0,3}}?(?:cycles?|courses?)(?![a-z])"
    r"|[x\u00d7] ?(?P<times>\d{1,2})(?: cycles?)?(?![\w/])",
    re.IGNORECASE,
)
_SQUARE_METRE = re.compile(r" per square met(?:er|re)(?: of body[ -]surface[ -]area)?|/ ?m²", re.IGNORECASE)
_ACRONYM = re.compile(r"\s*[(\[](?:the |modified )?(?P<name>[A-Za-z0-9][\w+/-]{1,14}(?: ?\d{2,3})?)(?: (?:regimen|protocol|chemotherapy|scheme))?[)\]]")
_ACRONYM_BEFORE = re.compile(r"(?<![\w-])(?P<name>[A-Z][\w+/-]{1,14}(?: ?\d{2,3})?)(?: (?:regimen|protocol|chemotherapy|scheme))?\s*[(\[:]\s*\Z")
_BREAK = re.compile(r";|[.!?]\s|\bbut\b|\bwhile\b|\bwhereas\b|\bwhich\b|, (?:and )?(?:s?he|the patient|it|this|they)\b", re.IGNORECASE)


_JOIN = re.compile(r",| and | plus | with | or | followed by | then |[+&/]|\band\Z", re.IGNORECASE)
"""What parts the words of a drug from those of the next one."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A pattern and what it says where it is found."""

    value: str
    regex: re.Pattern[str]


@cache
def cues(use: str) -> tuple[Cue, ...]:
    """The cues of one use, in the order of the file."""
    rows = read_table(CUES, ("use", "value", "pattern", "note"))
    wrap = r"(?:{})\Z" if use == "gap" else r"(?<![A-Za-z0-9])(?:{})(?![A-Za-z])"
    return tuple(
        Cue(r["value"], re.compile(wrap.replace("{}", expand(r["pattern"], macros(), CUES)), re.IGNORECASE)) for r in rows if r["use"] == use
    )


def said(use: str, text: str) -> str | None:
    """What the first cue of a use found in `text` says; None where there is none."""
    found = [(m.start(), -m.end(), c.value) for c in cues(use) if (m := c.regex.search(text))]
    return min(found)[2] if found else None


def build(mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """The course a mention tells of; none where the word is no treatment, or stands beside the drugs it sums up."""
    if not _is_treatment(mention, reading) or _stands_beside_its_drugs(mention, reading):
        return []
    if _kind(mention) == "class" and drafts and reading.sentence_at(mention.start).section.kind not in CASE_KINDS:
        if any(d.type == "drug" for d in drafts):
            return []  # an abstract or a discussion sums up in class words what the case has told by name
    if _kind(mention) == "class" and not _is_new_class(mention, reading, drafts):
        if known := _meant(mention, reading, drafts):
            return [_retelling(d, mention, reading) for d in known]
    if _kind(mention) == "regimen" and (known := _parts_told(mention, reading, drafts)):
        return [_retelling(d, mention, reading) for d in known]
    name = _name(mention)
    if _only_spoken_of(mention, reading) and not any(d.type == "drug" and d.name == name for d in drafts):
        return []
    return [_draft(mention, reading, name, _attributes(mention, reading), None)]


def _retelling(known: Draft, mention: Mention, reading: Reading) -> Draft:
    """What a class word or an acronym that means a known course adds to it."""
    attributes = {k: v for k, v in _attributes(mention, reading).items() if k in ("cycles", "stop_reason", "intent")}
    if reading.sentence_at(mention.start).index - known.sentence.index > 2:
        attributes.pop("intent", None)
    return _draft(mention, reading, known.name, attributes, known)


def same(earlier: Draft, later: Draft, reading: Reading) -> bool:
    """Whether `later` speaks of the course `earlier`: the same drug, nothing that contradicts, and no word of a new course."""
    if _concept(earlier) != _concept(later):
        return False
    if earlier.attributes.get("status", "given") != later.attributes.get("status", "given"):
        return False
    for key in ("intent", "route"):
        if earlier.attributes.get(key) and later.attributes.get(key) and earlier.attributes[key] != later.attributes[key]:
            return False
    if later.name != _name(later.mention):
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
        _learn_end(draft, kept, reading)
    return [d for d in drafts if id(d) not in gone]


# --- what a mention is


def _concept(draft: Draft) -> str:
    """What makes two courses the same drug: a regimen is named as printed, but compared by its entry."""
    return draft.mention.name or draft.name if draft.name == _name(draft.mention) else draft.name


def _name(mention: Mention) -> str:
    if mention.attributes.get("kind") == "regimen":
        return re.sub(r"\s+", " ", mention.text)
    return mention.name or re.sub(r"\s+", " ", mention.text).lower()


def _family(mention: Mention) -> str:
    return str(mention.attributes.get("family", "other"))


def _kind(mention: Mention) -> str:
    return str(mention.attributes.get("kind", "drug"))


def _around(mention: Mention, reading: Reading, before: int, after: int) -> tuple[str, str]:
    """The text of the sentence just before and just after a mention, at most so many characters."""
    sentence = reading.sentence_at(mention.start)
    left = reading.text[max(sentence.start, mention.start - before) : mention.start]
    return left, reading.text[mention.end : min(sentence.end, mention.end + after)]


def _is_treatment(mention: Mention, reading: Reading) -> bool:
    """Whether the words around allow that a drug was given: no allergy to it, no level of it, and for words of many meanings a cue."""
    left, _ = _around(_list_start(mention, reading), reading, 45, 0)
    _, right = _around(mention, reading, 0, 30)
    if any(re.search(rf"{c.regex.pattern}(?: (?:the|both|his|her|any|of|oral|intravenous))* *[(\"']*\Z", left, re.IGNORECASE) for c in cues("not_before")):
        return False
    if any(re.match(rf"[ -]?{_unbound(c)}", right, re.IGNORECASE) for c in cues("not_after")):
        return False
    need = mention.attributes.get("needs")
    if not need:
        return True
    if need == "regimen":
        return _reads_as_regimen(mention, reading)
    if need == "treatment" and any(not m.attributes.get("needs") and _kind(m) == "drug" for m in group(mention, reading)):
        return True
    if need == "no anesthesia":
        return said("anesthesia", reading.words(reading.sentence_at(mention.start))) is None
    return any(said(str(need), text) is not None for text in _around(mention, reading, 80, 100))


def _reads_as_regimen(mention: Mention, reading: Reading) -> bool:
    """Whether letters of many meanings (AC, ICE) stand right beside a word of chemotherapy or beside their own drugs."""
    if sum(c.isupper() for c in mention.text) < 2:
        return False
    left, right = _around(mention, reading, 60, 30)
    if any(re.search(rf"{c.regex.pattern}(?:,|:)? *[(\"]? *\Z", left, re.IGNORECASE) for c in cues("regimen_before")):
        return True
    if any(re.match(rf"[ -]{_unbound(c)}", right, re.IGNORECASE) for c in cues("regimen_after")):
        return True
    drugs = _drugs(reading.sentence_at(mention.start), reading)
    beside = [m for m in drugs if _kind(m) == "drug" and -60 < m.start - mention.end < 20 and _is_part(m, mention)]
    return bool(beside) and (re.search(r"[(\[] *\Z", left) is not None or re.match(r" *[(\[:]", right) is not None)


def _unbound(cue: Cue) -> str:
    return cue.regex.pattern.removeprefix("(?<![A-Za-z0-9])")


def _only_spoken_of(mention: Mention, reading: Reading) -> bool:
    """Whether the words speak of a drug known already ("X-induced", "response to X") and give none."""
    left, _ = _around(_list_start(mention, reading), reading, 45, 0)
    _, right = _around(mention, reading, 0, 30)
    words = r"(?: (?:the|this|his|her|oral|intravenous|of|use|recent|long-term|previous))* *\Z"
    before = [c.value for c in cues("retell_before") if re.search(c.regex.pattern + words, left, re.IGNORECASE)]
    if any(value != "given" or _family(mention) in MICROBES for value in before):
        return True
    return any(re.match(rf"[ -]?{_unbound(c)}", right, re.IGNORECASE) for c in cues("retell_after"))


def _list_start(mention: Mention, reading: Reading) -> Mention:
    """The first drug of the list a mention stands in; ", and" between two alone begins another clause."""
    members = group(mention, reading)
    pair = len(members) == 2 and reading.text[members[0].end : members[1].start].startswith(", and")
    return mention if pair else members[0]


def _passing(mention: Mention, reading: Reading) -> bool:
    """Whether a class word only refers back or ahead: "after two cycles of chemotherapy", "during the chemotherapy"."""
    left, right = _around(mention, reading, 60, 40)
    return bool(
        re.search(r"\b(?:the|this|these|that|his|her|such|same|current|previous|prior|ongoing|after|during|before|following|despite|since|"
                  r"post|of|completing|completed|between)(?: [\w-]+){0,2} ?-?\Z", left, re.IGNORECASE)
        or re.match(r"[ -](?:was|were|is|had been|has been) (?:\w+ )?(?:discontinu|stopp|suspend|continu|complet|interrupt|terminat|well|toler|withdr)", right)
    )  # fmt: skip


# --- lists of drugs


def _drugs(sentence: Sentence, reading: Reading) -> list[Mention]:
    return reading.in_sentence(sentence, "drug")


def gap(left: Mention, right: Mention, reading: Reading) -> str | None:
    """How two neighbouring drug words of a sentence belong together.

    "list" (cisplatin and etoposide), "link" (chemotherapy with cisplatin; CHOP, consisting of …), "sequence" (… followed by …),
    "apposed" (gemcitabine chemotherapy; cisplatin (CDDP)), or None where other words part them.
    """
    text = re.sub(r"\([^()]*\)", " ", _spaced(reading.text[left.end : right.start]))
    if len(text) > 160 or re.search(r"[!?]|\.\s", text):
        return None
    if _kind(left) == "class" and _stands_for(left, right) and re.fullmatch(r"(?: (?!and\b)[\w-]+){0,10} (?:with|using|of)(?: [\w-]+){0,2} ", text):
        return "link"
    if re.fullmatch(r"\W*, (?:an? |the )(?:[\w-]+ )?", text) and (_kind(left) == "class") != (_kind(right) == "class"):
        return "apposed"
    words = re.findall(r"[A-Za-zµμ][\w.²µμ]*", re.sub(r"(?<![A-Za-z])\d[\d.,]*", " ", text))
    kinds = {next((c.value for c in cues("gap") if c.regex.match(w.rstrip("."))), "other") for w in words}
    strangers = sum(not any(c.regex.match(w.rstrip(".")) for c in cues("gap")) for w in words)
    if strangers:
        return None
    if "sequence" in kinds:
        return "sequence"
    if _kind(left) != "drug" and ("link" in kinds or re.search(r"[(:\[]|\bwith\b|\bof\b|\bon\b", text)) and (
        not re.match(r"\s*(?:and|or|,|plus|\+)", text) or re.match(r", (?:with|using|including|consisting|comprising|namely|i\.?e)\b", text)
    ):
        return "link"
    if re.fullmatch(r"[\s-]*(?:based )?[\s(\[\"-]*(?:an? )?", text):
        return "apposed"
    if _kind(left) == "class" and _stands_for(left, right) and re.fullmatch(r",? ", text) and not left.text.endswith("s"):
        return "link"
    return "list" if "list" in kinds or re.search(r"[,/+&\u2192\u2013-]", text) else None


def _chain(mention: Mention, reading: Reading) -> list[Mention]:
    """The drug words of the sentence from the first that hangs together with `mention` to `mention` itself."""
    drugs = _drugs(reading.sentence_at(mention.start), reading)
    chain = [mention]
    for other in reversed([m for m in drugs if m.end <= mention.start]):
        if gap(other, chain[0], reading) is None:
            break
        chain.insert(0, other)
    return chain


def group(mention: Mention, reading: Reading) -> list[Mention]:
    """The drugs given together with a mention, itself among them, in the order of the text."""
    drugs = _drugs(reading.sentence_at(mention.start), reading)
    at = next((i for i, m in enumerate(drugs) if m.start == mention.start), None)
    if at is None:
        return [mention]
    first = last = at
    while first and gap(drugs[first - 1], drugs[first], reading) in ("list", "apposed"):
        first -= 1
    while last + 1 < len(drugs) and gap(drugs[last], drugs[last + 1], reading) in ("list", "apposed"):
        last += 1
    return drugs[first : last + 1]


def _stands_beside_its_drugs(mention: Mention, reading: Reading) -> bool:
    """Whether a class word or a regimen acronym stands beside the drugs it is made of, so that they are the facts."""
    if _kind(mention) == "drug":
        return False
    drugs = _drugs(reading.sentence_at(mention.start), reading)
    before = [m for m in drugs if m.end <= mention.start]
    after = [m for m in drugs if m.start >= mention.end]
    if after:
        how = gap(mention, after[0], reading)
        if _kind(mention) == "regimen" and _kind(after[0]) == "class" and how == "apposed" and len(after) > 1:
            how, after = gap(after[0], after[1], reading), after[1:]
        if _kind(mention) == "class" and _kind(after[0]) != "class":
            singular = not mention.text.endswith("s")
            return how == "link" or (how == "apposed" and singular)
        if _kind(mention) == "regimen" and how in ("link", "apposed") and _kind(after[0]) == "drug":
            return _family(after[0]) in ANTICANCER and _is_part(after[0], mention)
        if _kind(mention) == "class" and _kind(after[0]) == "class" and how == "link":
            return True
    if before:
        how = gap(before[-1], mention, reading)
        if _kind(mention) == "class" and (how == "apposed" or re.fullmatch(r" (?:as|in the form of) (?:an? )?", reading.text[before[-1].end : mention.start])):
            return True
        if _kind(mention) == "regimen" and _kind(before[-1]) == "drug" and how in ("apposed", "list"):
            return re.search(r"[(\[]\s*\Z", reading.text[before[-1].end : mention.start]) is not None
    return False


def _is_part(drug: Mention, regimen: Mention) -> bool:
    parts = str(regimen.attributes.get("components", "")).lower()
    return not parts or (drug.name or drug.text).lower() in parts


# --- class words


def _stands_for(word: Mention, drug: Mention) -> bool:
    return _family(drug) in STANDS_FOR.get(_family(word), frozenset({_family(word)})) and _family(word) != "other"


def _meant(mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """The courses a class word refers back to: the latest that it can mean, with those given together with it."""
    earlier = [d for d in drafts if d.type == "drug" and (d.name == mention.name or (_kind(d.mention) != "class" and _stands_for(mention, d.mention)))]
    earlier = [d for d in earlier if d.attributes.get("status", "given") == "given" or d.name == mention.name]
    if not earlier:
        return []
    last = max(earlier, key=lambda d: d.head)
    if not _is_cyclic(group(last.mention, reading)):
        partners = {m.start for m in group(last.mention, reading)}
        return [d for d in earlier if d is last or d.head[0] in partners]
    return _with_partners(last, [d for d in drafts if d.type == "drug"], reading)


def _with_partners(draft: Draft, drafts: Sequence[Draft], reading: Reading) -> list[Draft]:
    """A course and those told in one list with it."""
    partners = {m.start for m in group(draft.mention, reading)}
    alike = [d for d in drafts if d.head[0] in partners and d.attributes.get("status") == draft.attributes.get("status")]
    return alike if draft in alike and _is_cyclic([d.mention for d in alike]) else [draft]


def _parts_told(mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """The courses that a regimen acronym sums up: its own drugs, or those printed with it, told just before."""
    index = reading.sentence_at(mention.start).index
    recent = [d for d in drafts if d.type == "drug" and _kind(d.mention) == "drug" and index - d.sentence.index <= 8]
    intent = _intent(mention, reading)
    recent = [d for d in recent if not intent or d.attributes.get("intent") in (None, intent)]
    told = [d for d in recent if d.attributes.get("regimen") == _name(mention)]
    parts = [d for d in recent if mention.attributes.get("components") and _is_part(d.mention, mention)]
    if told or not parts or said("restart", _before(mention, reading)) is not None:
        return told
    return parts if len({d.name for d in parts}) > 1 else _with_partners(parts[-1], recent, reading) if _passing(mention, reading) else []


def _is_new_class(mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> bool:
    """Whether a class word tells of a course of its own rather than of one told before."""
    if mention.context.declined or mention.context.planned:
        return True
    known = _meant(mention, reading, drafts)
    if not known or any(m.start == d.mention.start for m in group(mention, reading) for d in known if m is not mention):
        return True
    near = reading.sentence_at(mention.start).index - reading.sentence_at(known[-1].heads[-1][0]).index
    intent = _intent(mention, reading)
    told = known[-1].attributes.get("intent")
    if intent and (told not in (None, intent) or (told is None and near > 2)):
        return True
    left, _ = _around(mention, reading, 60, 0)
    if _passing(mention, reading):
        return False
    begun = re.search(r"\b(?:started|begun|began|initiated|commenced|switched|changed)(?: (?:on|to|with|a|an|the|new|systemic|palliative))* *\Z", left)
    if begun and _kind(known[-1].mention) != "class" and known[-1].sentence.index < reading.sentence_at(mention.start).index:
        return True
    return said("restart", left) is not None or (near > 2 and said("starting", left) is not None)


# --- attributes


def _draft(mention: Mention, reading: Reading, name: str, attributes: dict[str, Any], known: Draft | None) -> Draft:
    evidence = attributes.pop("evidence", [])
    source = known.mention if known else mention
    if components := source.attributes.get("components") if _kind(source) == "regimen" else None:
        attributes["components"] = tuple(str(components).split(", "))
    return Draft("drug", name, mention, reading.sentence_at(mention.start), attributes, evidence)


def _attributes(mention: Mention, reading: Reading) -> dict[str, Any]:
    """What the sentence says of a mention: dose, route, frequency, cycles, regimen, intent, why it ended."""
    found: dict[str, Any] = {
        "dose": _dose(mention, reading),
        "route": _route(mention, reading),
        "frequency": _frequency(mention, reading),
        "cycles": _cycles(mention, reading),
        "regimen": _regimen(mention, reading),
        "intent": _intent(mention, reading),
        "stop_reason": _stop_reason(mention, reading),
    }
    if mention.context.planned and said("stopping", _around(mention, reading, 50, 40)[0]) is not None:
        found["status"] = "given"  # who advises to stop a drug says that it was given
    return {k: v for k, v in found.items() if v is not None}


def _after(mention: Mention, reading: Reading) -> str:
    """The words after a mention that speak of it: to the next drug or the end of the clause."""
    sentence = reading.sentence_at(mention.start)
    later = [m.start for m in reading.within(mention.end, sentence.end, "drug") if not _same_drug(m, mention)]
    end = min([sentence.end, mention.end + 140, *later])
    # A bracket without a number names a maker or a brand; what follows it is still said of the drug.
    text = re.sub(r"\([^()\d]*\)", " ", _spaced(reading.text[mention.end : end]))
    if stop := _BREAK.search(text):
        return text[: stop.start()]
    joins = list(_JOIN.finditer(text)) if end in later else []
    return text[: joins[-1].start()] if joins else text


def _spaced(text: str) -> str:
    """`text` with every white space a plain space, of the same length."""
    return re.sub(r"\s", " ", text)


def _same_drug(one: Mention, other: Mention) -> bool:
    return one.name is not None and one.name == other.name


def _before(mention: Mention, reading: Reading) -> str:
    """The words before a mention since the last drug or the start of the clause."""
    sentence = reading.sentence_at(mention.start)
    earlier = [m.end for m in reading.within(sentence.start, mention.start, "drug")]
    text = _spaced(reading.text[max([sentence.start, mention.start - 80, *earlier]) : mention.start])
    stops = list(_BREAK.finditer(text))
    return text[stops[-1].end() :] if stops else text


def _near(text: str, end: int) -> bool:
    """Whether `text[:end]` holds nothing but words that belong to a drug's own description."""
    words = re.findall(r"[A-Za-z]+", text[:end])
    strange = [w for w in words if not any(c.regex.match(w) for c in cues("gap"))]
    return sum(said("near", w) is None for w in strange) <= 1


def _beside(text: str) -> bool:
    """Whether words before a drug are few and its own ("weekly administration of 30 mg/m2 docetaxel")."""
    words = re.findall(r"[A-Za-z]\w*", text)
    return len(words) <= 5 and sum(not any(c.regex.match(w) for c in cues("gap")) for w in words) <= 1


def _own(text: str, end: int) -> bool:
    """Whether no "and" turns `text[:end]` to something else."""
    return re.search(r"\b(?:and|plus|or)\b", text[:end]) is None


def _dose(mention: Mention, reading: Reading) -> str | None:
    after, before = _after(mention, reading), _before(mention, reading)
    if (match := _DOSE.search(after)) and _near(after, match.start()):
        return _plain_dose(match[0])
    if match := re.search(rf"(?:{_DOSE.pattern})(?: (?:daily|weekly))?(?: of)?(?: (?:the|oral|intravenous|iv|intravenous \(iv\)|subcutaneous|intramuscular|recombinant|a day of))* ?\Z", before, re.IGNORECASE):
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
    after = _after(members[-1], reading)
    word = _DOSE_WORD.search(after)
    return re.sub(r"doses\Z", "dose", word[0].lower()) if word and word[0].lower().endswith("doses") and _near(after, word.start()) else None


def _plain_dose(text: str) -> str:
    text = re.sub(r"\s+", " ", text.strip())
    text = _SQUARE_METRE.sub("/m2", text)
    text = re.sub(r" per kg(?: of body weight)?|/kg body weight", "/kg", text)
    text = re.sub(r" ?/ ?", "/", text)
    return re.sub(r"(?<=\d)(?=[A-Za-zµμ])(?<!m)", " ", text, count=1)


def _route(mention: Mention, reading: Reading) -> str | None:
    """The route said just before a drug, else just after it, else the one its list began with."""
    if inside := said("route", mention.text):
        return inside
    for member in reversed([m for m in group(mention, reading) if m.start <= mention.start]):
        if not _shares(member, mention, reading):
            break
        before = _before(member, reading)
        if found := [(m.end(), c.value) for c in cues("route") for m in c.regex.finditer(before) if len(re.findall(r"\w+", before[m.end() :])) <= 3]:
            return max(found)[1]
        if member is mention and (value := _route_after(mention, reading)):
            return value
    members = group(mention, reading)
    return _route_after(members[-1], reading) if _family(mention) == "nutrient" and members[-1] is not mention else None


def _shares(member: Mention, mention: Mention, reading: Reading) -> bool:
    """Whether what is said of an earlier drug of a list also holds for a later one: they are of a kind, or a pair."""
    between = reading.text[member.end : mention.start]
    return member is mention or _family(member) == _family(mention) or between in (" and ", " or ", "/") or {_family(member), _family(mention)} <= ANTICANCER


def _route_after(mention: Mention, reading: Reading) -> str | None:
    after = _after(mention, reading)
    found = [(m.start(), c.value) for c in cues("route") if (m := c.regex.search(after)) and _near(after, m.start()) and _own(after, m.start())]
    return min(found)[1] if found else None


def _frequency(mention: Mention, reading: Reading) -> str | None:
    own = _own_frequency(mention, reading)
    if own:
        return own
    members = group(mention, reading)
    if len(members) > 1 and members[-1] is not mention and _is_cyclic(members) and not _own_dose(mention, reading):
        last = members[-1]
        return _said_after(last, reading) if not _own_dose(last, reading) else None
    return None


def _own_dose(mention: Mention, reading: Reading) -> bool:
    after = _after(mention, reading)
    match = _DOSE.search(after)
    return match is not None and _near(after, match.start())


def _own_frequency(mention: Mention, reading: Reading) -> str | None:
    if after := _said_after(mention, reading):
        return after
    before = _before(mention, reading)
    found = [(m.end(), -i, c, m) for i, c in enumerate(cues("frequency")) for m in c.regex.finditer(before) if _beside(before[m.end() :])]
    if not found:
        return None
    _, _, cue, match = max(found, key=lambda f: f[:2])
    return _filled(cue, match)


def _said_after(mention: Mention, reading: Reading) -> str | None:
    after = _after(mention, reading)
    days = _DAYS.search(after)
    parts = [re.sub(r"\s+", " ", days["days"])] if days and _near(after, days.start()) else []
    near = [(i, c, m) for i, c in enumerate(cues("frequency")) if (m := c.regex.search(after)) and _near(after, m.start())]
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
    return {"every 1 weeks": "weekly", "every 1 days": "daily", "every 24 hours": "daily", "every 12 hours": "every 12 hours"}.get(text, text)


def _cycles(mention: Mention, reading: Reading) -> int | None:
    """The number of cycles said of a mention or of its list, before it or after it in the clause."""
    members = group(mention, reading)
    if not _is_cyclic(members):
        return None
    sentence = reading.sentence_at(mention.start)
    later = [m.start for m in reading.within(members[-1].end, sentence.end, "drug") if _kind(m) == "drug"]
    rest = reading.text[members[-1].end : min([sentence.end, members[-1].end + 140, *later])]
    texts = [_before(members[0], reading), _after(mention, reading), _before(_introduced_by(members[0], reading), reading), rest]
    for text in texts:
        for match in _CYCLES.finditer(text):
            value = number(match["n"] or match["times"])
            if value and not re.search(r"\b(?:cycle|day|week) ?\Z", text[: match.start()], re.IGNORECASE):
                return int(value)
    return None


def _introduced_by(mention: Mention, reading: Reading) -> Mention:
    """The class word or acronym that introduces a list ("six cycles of chemotherapy with …"), else the list's first drug."""
    before = [m for m in _drugs(reading.sentence_at(mention.start), reading) if m.end <= mention.start]
    return before[-1] if before and gap(before[-1], mention, reading) == "link" else mention


def _is_cyclic(members: Sequence[Mention]) -> bool:
    """Whether drugs are given in cycles: one of them is against cancer."""
    return any(_family(m) in ANTICANCER or _family(m) == "systemic" for m in members)


def _regimen(mention: Mention, reading: Reading) -> str | None:
    """The printed acronym of a drug's regimen, else the drugs given together with it."""
    if _kind(mention) == "regimen":
        return None
    members = group(mention, reading)
    last = members[-1]
    if _kind(mention) == "drug":
        if acronym := _acronym(members, reading):
            return acronym
    others = [m for m in members if _name(m) != _name(mention) and not _stands_beside_its_drugs(m, reading) and _is_treatment(m, reading)]
    others = [m for m in others if not _only_spoken_of(m, reading)]
    partners = list(dict.fromkeys(_name(m) for m in others))
    if not partners or not any(_family(m) in ANTICANCER for m in members) or last.context.declined:
        return None
    return ", ".join(partners)


def _acronym(members: list[Mention], reading: Reading) -> str | None:
    printed = [m for m in members if _kind(m) == "regimen" and _stands_beside_its_drugs(m, reading)]
    if printed:
        return re.sub(r"\s+", " ", printed[0].text)
    drugs = _drugs(reading.sentence_at(members[0].start), reading)
    before = [m for m in drugs if m.end <= members[0].start]
    if before and _kind(before[-1]) == "regimen" and gap(before[-1], members[0], reading) == "link" and _stands_beside_its_drugs(before[-1], reading):
        return re.sub(r"\s+", " ", before[-1].text)
    sentence = reading.sentence_at(members[0].start)
    for match in (
        _ACRONYM.match(reading.text, members[-1].end),
        _ACRONYM_BEFORE.search(reading.text, max(sentence.start, members[0].start - 40), members[0].start),
    ):
        if match and len({_name(m) for m in members}) > 1 and sum(c.isupper() for c in match["name"]) >= 2:
            return match["name"]
    return None


def _intent(mention: Mention, reading: Reading) -> str | None:
    """The purpose said before the drugs that hang together with a mention, nearest first, else just after them."""
    chain = _chain(mention, reading)
    for member in reversed(chain):
        if not _shares(member, mention, reading) and not _is_cyclic([member]):
            break
        if inside := [c.value for c in cues("intent") if c.regex.search(member.text)]:
            return inside[0]
        before = _before(member, reading)
        found = [(m.end(), c.value) for c in cues("intent") for m in c.regex.finditer(before) if _leads_to_drug(before[m.end() :])]
        if found:
            return max(found)[1]
    members = group(mention, reading)
    after = _after(members[-1], reading)
    found = [(m.start(), c.value) for c in cues("intent") if (m := c.regex.search(after)) and not re.match(r"[ -](?:radi|irradi|surg)", after[m.end() :])]
    return min(found)[1] if found else None


def _leads_to_drug(text: str) -> bool:
    """Whether the words between an intent and a drug leave the intent with the drug and not with surgery or radiotherapy."""
    return len(re.findall(r"\w+", text)) <= 9 and not re.search(r"radi|surg|ectomy|resection|dissection|care\b|stem cell|transplant", text, re.IGNORECASE)


def _stop_reason(mention: Mention, reading: Reading) -> str | None:
    """Why a drug was stopped, where the sentence says that it was."""
    sentence = reading.sentence_at(mention.start)
    left, right = _around(mention, reading, 80, 70)
    if re.search(r"\bcompleted (?:[\w-]+ ){0,8}\Z", left, re.IGNORECASE) or re.match(r"[^.;,]{0,60}\b(?:was|were) completed\b", right, re.IGNORECASE):
        return "completion"
    if said("stopping", right) is None and said("stopping", left) is None:
        return None
    text = reading.text[sentence.start : sentence.end]
    stops = [m for c in cues("stopping") for m in c.regex.finditer(text)]
    reason = _reason(text, min(stops, key=lambda m: abs(m.start() + sentence.start - mention.start)))
    return None if reason == "progression" and _family(mention) not in ANTICANCER | {"systemic"} else reason


def _reason(text: str, stop: re.Match[str]) -> str | None:
    """The reason that stands after the word of stopping, else before it; what is no known reason is none."""
    found = [(m.start(), c.value) for c in cues("stop") for m in c.regex.finditer(text)]
    after = [f for f in found if f[0] >= stop.end()]
    return min(after)[1] if after else max(found)[1] if found else None


# --- courses


def _is_new_course(earlier: Draft, later: Draft, reading: Reading) -> bool:
    """Whether a later mention of a drug begins another course of it."""
    mention = later.mention
    before = _before(mention, reading)
    left, _ = _around(_chain(mention, reading)[0], reading, 70, 0)
    if re.search(r"\b(?:combination with|added to|addition to|addition of|after|since|during|of)\s*\Z", before, re.IGNORECASE):
        return False
    if any(c.regex.search(before) for c in cues("restart")):
        return True
    if earlier.sentence.index == later.sentence.index:
        return False
    if later.attributes.get("intent") in ("prophylactic", "maintenance") and not earlier.attributes.get("intent"):
        return True
    starts = said("starting", left) is not None or _starts_after(mention, reading) or re.search(r"\b(?:followed by|then)\b", left) is not None
    if not starts or _passing(mention, reading):
        return False
    if later.attributes.get("intent") and not earlier.attributes.get("intent"):
        return True
    if _family(mention) not in ANTICANCER:
        return False
    told, now = earlier.attributes.get("regimen"), later.attributes.get("regimen")
    return bool(now) and now != told and len(group(mention, reading)) > 1 and later.sentence.index - earlier.sentence.index > 0 and bool(told or now)


def _starts_after(mention: Mention, reading: Reading) -> bool:
    _, right = _around(group(mention, reading)[-1], reading, 0, 40)
    return re.match(r"[^.;]{0,25}\b(?:was|were) (?:then |subsequently |re)?-?(?:started|begun|initiated|administered|given|commenced|added)", right) is not None


def _absorbed(draft: Draft, drugs: list[Draft], reading: Reading) -> set[int]:
    """The drafts that `draft` makes superfluous: itself, where a class word is explained later; later ones, where a plan was carried out."""
    later = [d for d in drugs if d.head > draft.head]
    if draft.attributes.get("status") == "planned":
        carried = [d for d in later if d.name == draft.name and d.attributes.get("status", "given") == "given"]
        if carried:
            given = carried[0]
            told = {k: v for k, v in draft.attributes.items() if k != "status" and not (k == "cycles" and "cycles" in given.attributes)}
            draft.attributes = {**given.attributes, **told}
            draft.heads += given.heads
            draft.evidence += given.evidence
            return {id(given)}
        meant = [d for d in later if _kind(draft.mention) == "class" and _stands_for(draft.mention, d.mention)]
        if not meant:
            return set()
        if meant[0].sentence.index - draft.sentence.index <= 3:
            _hand_over(draft, _with_partners(meant[0], later, reading))
        return {id(draft)}
    if _kind(draft.mention) != "class" or draft.attributes.get("status", "given") != "given":
        return set()
    explained = [d for d in later if _kind(d.mention) != "class" and _stands_for(draft.mention, d.mention)]
    if not explained:
        return set()
    if _family(draft.mention) == "systemic" and draft.attributes.get("intent") is None:
        return {id(draft)}
    passing = _family(draft.mention) == "chemotherapy" and _passing(draft.mention, reading) and not draft.attributes.get("intent")
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


def _learn_end(draft: Draft, drugs: list[Draft], reading: Reading) -> None:
    """Fill in from the sentences after a course how many cycles it had and why it ended, where its own words do not say."""
    if draft.attributes.get("status", "given") != "given":
        return
    others = [d for d in drugs if d.head > draft.head and d.sentence.index > draft.sentence.index and _concept(d) != _concept(draft)]
    if "stop_reason" not in draft.attributes:
        for start, _, mention in draft.heads[1:]:
            if reading.sentence_at(start).index > draft.sentence.index and (reason := _stop_reason(mention, reading)):
                draft.attributes["stop_reason"] = reason
                break
    next_start = min((d.sentence.index for d in others), default=len(reading.sentences))
    following = list(_following(draft.sentence, reading, min(next_start, draft.sentence.index + 3)))
    for sentence in following:
        text = reading.words(sentence)
        if reading.in_sentence(sentence, "drug"):
            continue
        if "cycles" not in draft.attributes and _is_cyclic(group(draft.mention, reading)):
            if match := re.search(rf"\bafter (?:completing )?(?:{_CYCLES.pattern})", text, re.IGNORECASE):
                draft.attributes["cycles"] = int(number(match["n"] or match["times"] or "") or 0) or None
        subject = re.search(r"\b(?:treatment|therapy|drug|medication|regimen|agent|it|infusion)s?\b", text, re.IGNORECASE)
        stop = next((m for c in cues("stopping") for m in c.regex.finditer(text)), None)
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
    family = _family(draft.mention)
    if family not in ANTICANCER or draft.attributes.get("stop_reason"):
        return False
    if draft.attributes.get("intent") in ("neoadjuvant", "adjuvant", "induction", "concurrent") and family != "endocrine":
        return False
    first = draft.heads[0][0]
    following = [d for d in drugs if d.head[0] > first and d.sentence.index > draft.sentence.index and _family(d.mention) in ANTICANCER]
    following = [d for d in following if d.attributes.get("status", "given") == "given"]
    if not following:
        return False
    begin = following[0].head[0]
    if any(begin < start < following[0].sentence.end for start, _, _ in draft.heads):
        return False  # it went on beside the next drug
    text = reading.text[draft.heads[0][1] : begin]
    return len(text) < 900 and said("progressed", text) is not None
