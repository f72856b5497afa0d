"""Procedures as facts: one for each performance, named in full ("brain MRI"), with its place, its side and its dose.

Two questions decide the quality here. Was it done at all? "No metastases on CT" tells a CT, "no CT was done" tells none, so negation is
read from the words around the name and not from the sentence. And is it told again, or was it done again? Within one episode the same
name is the same performance; time that passes, a new specimen, a treatment in between or a word such as "repeat" make it another.
"""

import re
from collections.abc import Sequence
from functools import cache

from extractor.entities.lexicon import HERE, expand, macros, read_table
from extractor.entities.matcher import fold
from extractor.entities.reading import Draft, Reading, Sentence
from extractor.entities.site.composition import SiteReading, sites_of
from extractor.entities.values import number
from extractor.schema import Mention

_HERE = HERE / "procedure"
_LEFT = 100
"""As far before a procedure's name as words can belong to it."""
_THERAPY = ("surgery", "radiotherapy", "other")
_SPECIMEN = ("surgery", "biopsy")

_NUMBER = r"\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|several|few|a few|a couple of|couple of|some|many"
_UNIT = r"hours?|days?|weeks?|months?|years?"
_PASSES = re.compile(
    expand(
        rf"\b(?:{_NUMBER})(?:[- ](?:and a half|more|consecutive))?[- ](?:{_UNIT})(?:\W+\w+)?\W+(?:later|after|afterwards?|following|post|postoperatively|thereafter|of follow)\b|"
        rf"\b(?:after|at|within|over|during|in) (?:the |another |about |approximately |around |nearly |almost )?(?:next |following |first |initial |subsequent |last )?(?:{_NUMBER})?[- ]?(?:{_UNIT})\b|"
        rf"\b(?:next|following|subsequent|same|that) (?:day|week|month|year|morning|night)\b|\b(?:{_NUMBER})[- ](?:day|week|month|year)s? follow[- ]?up\b|"
        r"\b(?:on|by|at) (?:the )?(?:(?:post\w*[- ])?day \w+|\w+ (?:(?:hospital|post\w*) )?day|follow[- ]?up|admission|readmission|discharge|presentation|recurrence|relapse|progression)\b|"
        r"\b(?:in|on|by|until|since) (?:(?:early|late|mid)[- ]?)?(?:{month})\b|\b(?:in|since|until) (?:19|20)\d\d\b|"
        r"\b(?:later|thereafter|subsequently|shortly after|soon after|afterwards?|meanwhile|eventually|during (?:the )?follow[- ]?up|upon follow[- ]?up|"
        r"(?:was|were) (?:then |later |again )?(?:discharged|readmitted|referred|transferred|lost)|returned|presented|developed|recurred|relapsed)\b",
        macros(),
        _HERE / "fact.py",
    ),
    re.IGNORECASE,
)
"""Words by which the story moves on in time."""
_TIME_BEHIND = re.compile(
    expand(
        r"\W*(?:(?:scan|done|performed|obtained|taken|was|were|repeated|made)\W+){0,4}"
        rf"(?:(?:at |after |in )?(?:about |approximately )?(?:a )?(?:{_NUMBER})[- ](?:{_UNIT})\s+(?:later|after)|(?:in|on) (?:(?:early|late|mid)[- ]?)?(?:(?:{{month}})\b|(?:19|20)\d\d\b))",
        macros(),
        _HERE / "fact.py",
    ),
    re.IGNORECASE,
)
"""The same right behind the name: "CT 3 months later", "was resected in March 2004"."""
_REFERENCE = re.compile(
    r"\b(?:after|following|before|prior to|since|until|at the time of|at time of|during|from|despite|post|because of|due to|(?:of|on|in|by) the (?:first|initial|previous|prior|above)|"
    r"(?:completion|end|cessation|conclusion|course|time|date|day) of)\s+(?:the\s+)?(?:\w+therapy\s+(?:and|or|plus)\s+)?"
    r"(?:(?:the|her|his|their|this|that|these|an?|initial|first|second|third|last|previous|prior|primary|original|successful|complete|radical|curative|\d+|two|three|four)\s+){0,3}$|"
    rf"\b(?:{_UNIT}) (?:of|post|from|since)\s+(?:the\s+)?$|"
    r"\b(?:this|these|same|previously|above|above-mentioned|aforementioned|previous|prior|earlier|initial|primary)\s+$",
    re.IGNORECASE,
)
"""Words before a name that point back to a performance rather than tell one."""
_OF_THE = re.compile(r"\b(?:of|from|in|on) (?:the|this|these|his|her) (?:[\w-]+ )?$", re.IGNORECASE)
"""So a specimen is named, not another biopsy told."""
_AGAIN = re.compile(
    r"\b(?:repeat(?:ed)?|follow[- ]?up|second|third|fourth|fifth|another|further|subsequent|control|serial|surveillance|new|additional|next|again|\d+(?:st|nd|rd|th)|later|"
    r"post-?operative|post-?treatment|post-?therapy|restaging|re-?staging|redo|immediate|corresponding|latest|intraoperative|interval)[\s,-]+(?:[\w-]+\s+){0,2}$|"
    r"\b(?:again|then|subsequently|additionally|later) (?:\w+ ){0,2}(?:underwent|had|received|treated with|performed)\s+(?:an?\s+)?(?:[\w-]+\s+){0,2}$",
    re.IGNORECASE,
)
"""Words before a name that tell another performance."""
_REPEATED = re.compile(r"\W*(?:\w+\W+){0,2}(?:was|were)\s+(?:then\s+|again\s+)?repeated\b", re.IGNORECASE)
_NOT_LEFT = re.compile(
    r"\b(?:no|without|not|never|neither|nor|refus\w+|denied|avoid(?:ed|ing)?|instead of|rather than|unable to (?:undergo|tolerate)|unwilling to|precluded|defer(?:red)?|lack of)\s+"
    r"(?:(?:any|further|additional|other|repeat|undergo|undergone|undergoing|receive|received|have|had|perform|performed|performing|an?|the|to|for|of|be|been|adjuvant|invasive|"
    r"surgical|emergency|need|subsequent|prior|previous|more|[a-z]+al|[a-z]+ic)\s+){0,4}"
    r"(?:(?:therapy|therapies|treatments?|interventions?)\s+(?:in the form of|such as|including|like|with)\s+)?(?:[\w-]+(?:\s+therapy)?(?:\s*,\s*(?:or\s+|nor\s+)?|\s+(?:or|nor)\s+)){0,3}$",
    re.IGNORECASE,
)
_NOT_RIGHT = re.compile(
    r"(?:[ ,]+(?!\w+ed\b|was\b|were\b|is\b|are\b|show|demonstr)[\w()/-]+){0,6}[ ,]+(?:(?:was|were|is|are|could|can|had|has|have|did) ?(?:not|never)(?: \w+){0,2} "
    r"(?:performed|done|carried|possible|obtained|feasible|undertaken|available|considered|indicated|given|attempted|required|needed|necessary|undergone|tolerated|conclusive to)\b|"
    r"(?:was|were|is|are|has been|had been) (?:therefore |thus |then )?(?:avoided|contraindicated|deferred|withheld|unavailable|impossible|unfeasible|ruled out|cancell?ed|omitted|not an option)\b)",
    re.IGNORECASE,
)
_POINTS_AT = re.compile(r"\b(?:after|following|since|before|during|by|on|at|post|despite)\s+(?:[\w-]+\s+){0,3}$", re.IGNORECASE)
_PERFORMED = re.compile(r"\b(?:underw[eo]nt|undergone|undergoing|performed|carried out|received|done|undertaken|conducted|treated)\b", re.IGNORECASE)
_UNDERGOES = re.compile(r"\b(?:underw[eo]nt|undergo(?:ne|ing)|received|had)\s+(?:an?\s+|the\s+)?(?:[\w-]+\s+){0,3}$", re.IGNORECASE)
_ALSO = re.compile(r"\b(?:also|additionally|further)\s+(?:\w+\s+)?$", re.IGNORECASE)
_THROUGH = re.compile(r"\b(?:through|via|by|using|namely|i\.e\.|for|consisting of)\s+(?:an?\s+)?(?:[\w-]+\s+){0,3}$|[:(]\s*(?:an?\s+)?(?:[\w-]+\s+){0,3}$")
_SENTENCE_END = re.compile(r"[.!?]\s")
_NEXT_CASE = re.compile(r"\b(?:case|patient)\s+(?:no\.?\s*)?(?:#?[1-9]|two|three|four|II|III|IV)\b|\b(?:second|third|fourth|other) (?:case|patient)\b", re.IGNORECASE)
_ABBREVIATION = re.compile(r"\s*[(\[]\s*")
_CLAUSE_ENDS = re.compile(
    r"[;:]|\b(?:reveal|show|demonstrat|disclos|identif|detect|confirm|suggest|indicat|find|found|visualiz|depict|display|exhibit|yield|prove|report)\w*\b|"
    r"\b(?:was|were|is|are|had|has|which|that|who|with|without|for|because|due|after|before|following|under|using|via|followed|and then|but|to)\b",
    re.IGNORECASE,
)
_GRAY = re.compile(r"(\d+(?:[.,]\d+)?)\s?-?(c)?(?:Gy|Grays?)\b(?!\s?(?:/|per|each|daily|a day))(?:E\b|\(RBE\))?", re.IGNORECASE)
_FRACTIONS = re.compile(expand(r"({number})\s+(?:daily\s+|equal\s+|consecutive\s+|treatment\s+|conventional\s+)?(?:fractions?|fx|sessions?)\b|\b(\d+)\s?×\s?\d", macros(), _HERE), re.IGNORECASE)
_JOINED = re.compile(r".*(?:[,;]|\band\b)", re.DOTALL)
_LOBE = re.compile(r"\b(?:(left|right)\s+)?(upper|middle|lower)[- ](?:lung |pulmonary )?(?:lobe )?$", re.IGNORECASE)
_ANNOUNCING = ("imaging", "molecular testing", "genetic testing", "scan", "endoscopy")
_INTRODUCES = re.compile(r"\s*[,(:]?\s*(?:of|using|by|with|including|include[ds]?|such as|consisting of|comprising|consisted of|i\.e\.,?)?\s*(?:both\s+|an?\s+|the\s+)?(?:[\w-]+\s+){0,2}", re.IGNORECASE)
_LOBES = ("lobectomy", "sleeve lobectomy")


@cache
def _qualifiers() -> tuple[dict[str, tuple[str, str]], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """The body regions, and the patterns of words before a name (imaging; surgery) and after it ("of the brain")."""
    rows = read_table(_HERE / "qualifiers.tsv", ("kind", "word", "name", "site"))
    words = {kind: sorted((fold(r["word"]) for r in rows if r["kind"] == kind), key=len, reverse=True) for kind in ("region", "manner", "extent")}
    one = {kind: "(?:" + "|".join(map(re.escape, listed)) + ")" for kind, listed in words.items()}
    join = r"(?:\s*,\s*(?:and\s+)?(?:the\s+)?|\s+and\s+(?:the\s+)?|\s*[/&]\s*|\s+plus\s+)"
    regions = {fold(r["word"]): (r["name"], r["site"]) for r in rows if r["kind"] == "region"}
    before = re.compile(rf"(?<!\w)(?P<regions>{one['region']}(?:{join}{one['region']}|\s+{one['region']})*\s+)?(?P<manner>(?:{one['manner']}[\s,]+(?:and\s+)?)*)$")
    extent = re.compile(rf"(?<!\w)(?P<extent>(?:{one['extent']}[\s,]+)+)$")
    after = re.compile(
        rf"(?:\s*\([^)]{{1,25}}\))?(?:\s+(?:scans?|imaging|images?|examinations?|study|studies|films?|series))?\s+(?:of|over)\s+"
        rf"(?:(?:the|her|his|their|both|whole|entire|left|right|bilateral|contralateral)\s+)*(?P<regions>{one['region']}(?:{join}{one['region']})*)(?!\w)(?!\s+(?:\w+\s+)?(?:mass|lesion|tumou?r|nodule|cancer|metast))"
    )
    return regions, before, extent, after


@cache
def _elsewhere() -> dict[str, list[tuple[str, str]]]:
    rows = read_table(_HERE / "not_procedures.tsv", ("side", "words", "concept", "note"))
    return {side: [(fold(r["words"]), r["concept"]) for r in rows if r["side"] == side] for side in ("before", "after")}


def build(mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """The performances a name tells: none where it was not done or names something else, two for "brain and spine MRIs"."""
    sentence = reading.sentence_at(mention.start)
    name = mention.name or _singular(mention.text)
    category = mention.attributes.get("category", "other")
    if _is_something_else(mention, name, category, reading) or _not_done(mention, category, reading, sentence):
        return []
    if _qualifies_next(mention, category, reading) or name in _ANNOUNCING and _announces(mention, category, reading, sentence):
        return []
    if "needs" in mention.attributes and not reading.within(sentence.start, mention.start, mention.attributes["needs"]):
        return []
    attributes = {"category": category, "site": mention.attributes.get("site"), "laterality": None}
    if category == "imaging":
        drafts_of_it = _imaged(mention, name, attributes, reading, sentence)
    else:
        name, start = _with_extent(mention, name, category, reading)
        place = _near(mention, reading, sentence) if category in ("pathology", "genetic-test") else _place(mention, reading, sentence)
        attributes["site"] = _site(mention, name, place, reading)
        attributes["laterality"] = place.laterality
        drafts_of_it = [Draft("procedure", name, mention, sentence, attributes, [(*s, "attribute") for s in place.spans], head=(start, mention.end))]
    if category == "radiotherapy":
        for draft in drafts_of_it:
            _add_dose(draft, reading)
    return drafts_of_it


def same(earlier: Draft, later: Draft, reading: Reading) -> bool:
    """Whether `later` tells the performance `earlier` again (see the head of this module)."""
    told_until = max((end for start, end, _ in earlier.heads if end <= later.head[0]), default=later.head[0])
    between = reading.text[told_until : later.head[0]]
    if _ABBREVIATION.fullmatch(between):
        return earlier.attributes["category"] == later.attributes["category"]
    if _generic(earlier) and not _generic(later) and earlier.mention.context.historical is False and _points_back(earlier, reading):
        return False
    if _NEXT_CASE.search(between) or not _may_be_one(earlier, later, between):
        return False
    lead = reading.text[max(later.sentence.start, told_until, later.head[0] - _LEFT) : later.head[0]]
    category = later.attributes["category"]
    if _REFERENCE.search(lead) or (category == "biopsy" and _OF_THE.search(lead)):
        return True
    if category not in _THERAPY and earlier.mention.context.historical and not later.mention.context.historical:
        return False
    if category in ("pathology", "genetic-test"):
        return not _tells_specimen(told_until, later.head[0], reading) and not _passes(told_until, later, reading)
    again = bool(_AGAIN.search(lead) or _REPEATED.match(reading.text, later.head[1]))
    if category == "surgery":
        told_as_verb = later.mention.found_by.startswith("procedure/word_tumor")
        performed = told_as_verb or bool(_PERFORMED.search(reading.words(later.sentence)))
        again = again or (told_as_verb and bool(_ALSO.search(lead)))
        anew = bool(_UNDERGOES.search(lead)) and earlier.attributes.get("status") != "planned" and len(_SENTENCE_END.findall(between)) > 1
        return not (performed and (again or anew or _passes(told_until, later, reading)))
    return not again and not _passes(told_until, later, reading) and not _treats(told_until, later.head[0], reading)


def review(drafts: list[Draft], reading: Reading) -> list[Draft]:
    """The most telling name of a performance told several times; a plan carried out is no plan any more."""
    for draft in drafts:
        if draft.type != "procedure":
            continue
        if draft.mention.attributes.get("generic"):
            special = [m for _, _, m in draft.heads if m.name and not m.attributes.get("generic")]
            if special:
                draft.name = special[0].name or draft.name
                draft.attributes["site"] = draft.attributes.get("site") or special[0].attributes.get("site")
        if draft.attributes.get("status") == "planned" and any(not m.context.planned for _, _, m in draft.heads):
            draft.attributes.pop("status")
    return drafts


def _is_something_else(mention: Mention, name: str, category: str, reading: Reading) -> bool:
    """Whether the words around make a procedure's name another thing: "surgery department", "CT-guided"."""
    after = fold(reading.text[mention.end : mention.end + 30])
    before = fold(reading.text[max(0, mention.start - 40) : mention.start])
    listed = _elsewhere()
    for words, concept in listed["after"]:
        rest = after.removeprefix(" ") if not words.startswith(" ") else after
        if concept in ("", name, f"category {category}") and rest.startswith(words) and not rest[len(words) : len(words) + 1].isalnum():
            return True
    before = re.sub(r"\b(?:the|an?)\s+$", "", before).rstrip()
    for words, concept in listed["before"]:
        at = len(before) - len(words)
        if concept in ("", name, f"category {category}") and before.endswith(words) and not (at > 0 and before[at - 1].isalnum()):
            return True
    return False


def _qualifies_next(mention: Mention, category: str, reading: Reading) -> bool:
    """Whether a name is only the first word of the next: "Doppler transthoracic echocardiogram"."""
    return any(
        m.attributes.get("category") == category and not reading.text[mention.end : m.start].strip()
        for m in reading.within(mention.end, mention.end + 60, "procedure")
    )


def _announces(mention: Mention, category: str, reading: Reading, sentence: Sentence) -> bool:
    """Whether a general word only introduces the examinations named right behind it: "imaging studies including CT and MRI"."""
    return any(
        m.attributes.get("category") == category and _INTRODUCES.fullmatch(reading.text[mention.end : m.start])
        for m in reading.within(mention.end, min(sentence.end, mention.end + 60), "procedure")
    )


def _not_done(mention: Mention, category: str, reading: Reading, sentence: Sentence) -> bool:
    left = reading.text[max(sentence.start, mention.start - _LEFT) : mention.start]
    right = reading.text[mention.end : min(sentence.end, mention.end + _LEFT)]
    if mention.context.declined:
        return False
    if _NOT_LEFT.search(left) or _NOT_RIGHT.match(right):
        return True
    return mention.context.negated and category in _THERAPY and not _POINTS_AT.search(left)


def _imaged(mention: Mention, name: str, attributes: dict[str, str | None], reading: Reading, sentence: Sentence) -> list[Draft]:
    """Imaging carries the part of the body in its name; a plural after two parts is two performances."""
    regions, before, _, after = _qualifiers()
    joined = r"\s*,\s*(?:and\s+)?(?:the\s+)?|\s+and\s+(?:the\s+)?|\s*[/&]\s*|\s+plus\s+"
    low = max(sentence.start, mention.start - _LEFT)
    left = fold(reading.text[low : mention.start])
    found = before.search(left)
    start = low + found.start() if found and found["regions"] else mention.start
    place = _near(mention, reading, sentence)
    attributes["laterality"] = place.laterality
    evidence = [(*s, "attribute") for s in place.spans]
    if attributes["site"]:
        return [Draft("procedure", name, mention, sentence, attributes, evidence)]
    parts = re.split(joined, found["regions"].strip()) if found and found["regions"] else []
    if found and len(parts) > 1 and not re.search(r"\band\b|[/&]|\bplus\b", found["regions"]):
        parts = parts[-1:]  # "of both breasts, axillary MRI": without an "and" the comma ends another phrase
        start = low + found.start() + found["regions"].rfind(parts[0])
    if not parts and (behind := after.match(fold(reading.text[mention.end : sentence.end]))):
        parts = re.split(joined, behind["regions"])
    known = [regions[p] for p in dict.fromkeys(parts) if p in regions]
    if not known:
        if place.site and place.spans and not parts:
            attributes["site"] = place.site
            adjective = reading.text[place.spans[-1][0] : place.spans[-1][1]].lower() if place.spans[-1][1] <= mention.start else place.site
            name = f"{adjective} {name}"
        return [Draft("procedure", name, mention, sentence, attributes, evidence, head=(start, mention.end))]
    if len(known) > 1 and mention.text.endswith("s") and found and found["regions"]:
        firsts = [low + found.start() + found["regions"].find(p) for p in parts[:-1]]
        heads = [*((s, s + len(p)) for s, p in zip(firsts, parts, strict=False)), (low + found.start() + found["regions"].rfind(parts[-1]), mention.end)]
        return [
            Draft("procedure", f"{region} {name}", mention, sentence, {**attributes, "site": site}, list(evidence), head=head)
            for (region, site), head in zip(known, heads, strict=False)
        ]
    label = known[0][0] if len(known) == 1 else _listed([site or region for region, site in known])
    attributes["site"] = _listed([site for _, site in known if site]) or None
    return [Draft("procedure", f"{label} {name}", mention, sentence, attributes, evidence, head=(start, mention.end))]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def _with_extent(mention: Mention, name: str, category: str, reading: Reading) -> tuple[str, int]:
    """How much was removed belongs to an operation's name, and to its words in the text."""
    if category != "surgery" or mention.attributes.get("generic"):
        return name, mention.start
    low = max(0, mention.start - 40)
    found = _qualifiers()[2].search(fold(reading.text[low : mention.start]))
    if not found:
        return name, mention.start
    extent = " ".join(w for w in found["extent"].replace(",", " ").split() if w not in name.split())
    return f"{extent} {name}".strip(), low + found.start()


def _place(mention: Mention, reading: Reading, sentence: Sentence) -> SiteReading:
    """The place tied to a name: before it, or behind it up to the verb that tells its result."""
    stop = _CLAUSE_ENDS.search(reading.text, mention.end, sentence.end)
    return _one_place(sites_of(reading, (sentence.start, stop.start() if stop else sentence.end), mention.start, mention.end))


def _near(mention: Mention, reading: Reading, sentence: Sentence) -> SiteReading:
    """The place right before an examination's name or tied to it by "of"; what lies further off is the place of its result."""
    gap = re.compile(r"[\s-]*(?:[\w-]+\s+)?")
    before = [m for m in reading.previous(mention.start, "site", sentences=0) if gap.fullmatch(reading.text[m.end : mention.start])]
    start = max(sentence.start, before[0].start - 15) if before else mention.start
    lead = _JOINED.search(reading.text, start, before[0].start) if before else None
    stop = _CLAUSE_ENDS.search(reading.text, mention.end, sentence.end)
    tied = re.compile(r"(?:\s*\([^)]{1,25}\))?\s+(?:\w+\s+)?of\b").match(reading.text, mention.end)
    end = (stop.start() if stop else sentence.end) if tied else mention.end
    return _one_place(sites_of(reading, (lead.end() if lead else start, end), mention.start, mention.end))


def _one_place(places: Sequence[SiteReading]) -> SiteReading:
    sides = {p.laterality for p in places}
    return SiteReading(_listed([p.site for p in places if p.site]) or None, sides.pop() if len(sides) == 1 else None, tuple(s for p in places for s in p.spans))


def _site(mention: Mention, name: str, place: SiteReading, reading: Reading) -> str | None:
    """The organ the name implies, else the place told; of a lobectomy the lobe."""
    if mention.name in _LOBES and (lobe := _LOBE.search(reading.text[max(0, mention.start - 30) : mention.start])):
        return f"{lobe[2].lower()} lobe of the lung"
    within = mention.name is not None and place.spans and all(mention.start <= s and e <= mention.end for s, e in place.spans)
    return mention.attributes.get("site") or (None if within else place.site)


def _add_dose(draft: Draft, reading: Reading) -> None:
    """The total dose and the number of fractions told with a course: the largest dose of its stretch of the sentence."""
    following = [m.start for m in reading.within(draft.head[1], draft.sentence.end, "procedure") if m.attributes.get("category") == "radiotherapy" and m.start > draft.head[1] + 12]
    start = draft.head[1] if _GRAY.search(reading.text, draft.head[1], draft.sentence.end) else draft.sentence.start
    end = min(following, default=draft.sentence.end)
    doses = [(float(m[1].replace(",", ".")) / (100 if m[2] else 1), m) for m in _GRAY.finditer(reading.text, start, end)]
    if doses:
        total, found = max(doses, key=lambda d: d[0])
        draft.attributes["dose"] = f"{total:g} Gy"
        draft.evidence.append((*found.span(), "attribute"))
    if found_fractions := _FRACTIONS.search(reading.text, start, end):
        from_words = _count(found_fractions[1] or found_fractions[2])
        if from_words:
            draft.attributes["fractions"] = from_words
            draft.evidence.append((*found_fractions.span(), "attribute"))


def _count(text: str) -> int | None:
    value = number(text)
    return int(value) if value and value == int(value) else None


def _singular(text: str) -> str:
    word = re.sub(r"\s+", " ", text).lower()
    return re.sub(r"ies$", "y", word) if word.endswith("ies") else word


def _may_be_one(earlier: Draft, later: Draft, between: str) -> bool:
    """Whether two tellings could be of one performance by their names, places and sides."""
    one, other = earlier.attributes, later.attributes
    if one.get("status") == "declined" or one["category"] != other["category"]:
        return False
    if one.get("laterality") and other.get("laterality") and one["laterality"] != other["laterality"]:
        return False
    generic = (_generic(earlier), _generic(later))
    names = earlier.name == later.name or (earlier.mention.name is not None and earlier.mention.name == later.mention.name)
    if one.get("site") and other.get("site") and not _same_place(one["site"], other["site"]):
        return False
    if generic[1] and not names:
        return not _apart(earlier)
    if generic[0] and not names:
        together = earlier.sentence == later.sentence and not _THROUGH.search(between)
        return one["category"] in _SPECIMEN and not together and not _apart(later) and len(_SENTENCE_END.findall(between)) <= 2 and not _PASSES.search(between)
    if not names:
        return False
    return one["category"] != "imaging" or not other.get("site") or bool(one.get("site"))


def _points_back(draft: Draft, reading: Reading) -> bool:
    """Whether a first telling already points back ("8 months after surgery"), so that an operation told later is another."""
    return all(_REFERENCE.search(reading.text[max(reading.sentence_at(s).start, s - 60) : s]) for s, _, _ in draft.heads)


def _generic(draft: Draft) -> bool:
    """Whether a name fits whichever procedure of its category is meant: "surgery", "biopsy", "endoscopy", "scan"."""
    return bool(draft.mention.attributes.get("generic")) or draft.mention.name in ("biopsy", "endoscopy", "drainage", "ablation", "radiotherapy", "needle biopsy")


def _apart(draft: Draft) -> bool:
    """Whether a procedure is too special to be meant by the general word of its category: no "biopsy" means a marrow aspiration."""
    return draft.mention.name in ("endoscopic ultrasound", "sentinel lymph node biopsy", "capsule endoscopy") or draft.attributes.get("site") == "bone marrow"


def _same_place(one: str, other: str) -> bool:
    a, b = set(one.split()), set(other.split())
    return a <= b or b <= a


def _passes(start: int, later: Draft, reading: Reading) -> bool:
    """Whether the story moves on in time between `start` and the later telling, or the later one says so of itself."""
    if _PASSES.search(reading.text, start, later.head[0]):
        return True
    return bool(_TIME_BEHIND.match(reading.text, later.head[1]))


def _tells_specimen(start: int, end: int, reading: Reading) -> bool:
    """Whether tissue is taken anew between two places of the text."""
    return any(
        m.attributes.get("category") in _SPECIMEN and not m.attributes.get("generic") and m.name != "biopsy" and not _REFERENCE.search(reading.text[max(0, m.start - 60) : m.start])
        for m in reading.within(start, end, "procedure")
    )


def _treats(start: int, end: int, reading: Reading) -> bool:
    """Whether the patient is treated between two places of the text, so that an examination is a later one."""
    return bool(reading.within(start, end, "drug")) or any(
        m.attributes.get("category") in ("surgery", "radiotherapy") and not _REFERENCE.search(reading.text[max(0, m.start - 60) : m.start])
        for m in reading.within(start, end, "procedure")
    )
