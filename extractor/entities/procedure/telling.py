"""Whether a procedure was done at all, and whether a later telling is of the same performance.

"No metastases on CT" tells a CT, "no CT was done" tells none: so negation is read from the words around the name.
Within one episode the same name is the same performance; time that passes, a new specimen, a treatment in between
or a word such as "repeat" make it another one.
"""

import re
from bisect import bisect_left
from functools import cache

from extractor.entities.lexicon import HERE, expand, macros, read_table
from extractor.entities.literals import lower_case, without_case
from extractor.entities.matcher import fold
from extractor.entities.reading import Draft, Reading, Sentence
from extractor.schema import CASE_KINDS, Mention

LEFT = 100
"""As far before a procedure's name as words can belong to it."""
SPECIMEN = ("surgery", "biopsy")
"""The categories that take tissue."""
EXAMINATIONS = ("imaging", "endoscopy", "biopsy", "pathology", "genetic-test")
_FOLDER = HERE / "procedure"
_THERAPY = ("surgery", "radiotherapy", "other")
_REPORTS = ("pathology", "genetic-test")
_GENERAL = ("biopsy", "endoscopy", "drainage", "ablation", "radiotherapy", "needle biopsy")
"""Names that fit whichever procedure of their category is meant."""
_SPECIAL = ("endoscopic ultrasound", "sentinel lymph node biopsy", "capsule endoscopy")
_ANNOUNCING = ("imaging", "molecular testing", "genetic testing", "endoscopy")
_OBJECT = 60
_FAR = 20_000
"""Two tellings further apart than this many characters are of two performances: the longest case sections are shorter."""
_AFTERWARDS = 6
"""So many sentences after a planned operation its aftermath may be told."""


def _pattern(*pieces: str) -> re.Pattern[str]:
    """One pattern of several alternatives, with the pieces of macros.yaml."""
    return re.compile(expand("|".join(pieces), macros(), _FOLDER / "telling.py"), re.IGNORECASE)


_NUMBER = r"(?:\d+|an?|{number_word}|several|few|a few|a couple of|couple of|some|many)"
_UNIT = r"(?:hours?|days?|weeks?|months?|years?)"
_MONTH = r"(?:(?:early|late|mid)[- ]?)?{month}\b"
_PASSES = _pattern(
    rf"\b{_NUMBER}(?:[- ](?:and a half|more|consecutive))?[- ]{_UNIT}(?:\W+\w+)?\W+"
    r"(?:later|after|afterwards?|following|post|postoperatively|thereafter|of follow|prior|ago|earlier|before|previously)\b",
    r"\b(?:after|at|within|over|during|in) (?:the |another |about |approximately |around |nearly |almost )?"
    rf"(?:next |following |first |initial |subsequent |last )?{_NUMBER}?[- ]?{_UNIT}\b",
    r"\b(?:next|following|subsequent|same|that) (?:day|week|month|year|morning|night)\b",
    rf"\b{_NUMBER}[- ](?:day|week|month|year)s? follow[- ]?up\b",
    r"\b(?:on|by|at) (?:the )?(?:(?:post\w*[- ])?day \w+|\w+ (?:(?:hospital|post\w*) )?day|follow[- ]?up|admission|readmission|"
    r"discharge|"
    r"presentation|recurrence|relapse|progression)\b",
    rf"\b(?:in|on|by|until|since) {_MONTH}",
    r"\b(?:in|since|until) (?:19|20)\d\d\b",
    r"\b(?:later|thereafter|subsequently|shortly after|soon after|afterwards?|meanwhile|eventually|(?:during (?:the )?|"
    r"upon )follow[- ]?up|"
    r"at (?:the )?age of|at \d\d?, (?:he|she)|returned|presented|developed|recurred|relapsed|"
    r"(?:was|were) (?:then |later |again )?(?:discharged|readmitted|referred|transferred|lost))\b",
)
"""Words by which the story moves on in time."""
_SEVERAL = _pattern(r"\b(?:two|three|four|five|several|multiple|repeated|[2-9])\s+(?:[\w-]+\s+){0,2}$")
"""Before a plural: performances of their own, "treated with two segmental resections"."""
_SEVERAL_DONE = _pattern(r"\b(?:underw[eo]nt|undergone|treated with|received|had|performed|followed by)\b")
_LOOKS_BACK = _pattern(r"\b(?:prior|ago|earlier|before|previously)$")
_TIME_BEHIND = _pattern(
    r"\W*(?:(?:scan|done|performed|obtained|taken|was|were|repeated|made)\W+){0,4}"
    rf"(?:(?:at |after |in )?(?:about |approximately )?(?:a )?{_NUMBER}[- ]{_UNIT}\s+(?:later|after)|(?:in|on) (?:{_MONTH}|"
    rf"(?:19|20)\d\d\b))"
)
"""The same right behind the name: "CT 3 months later", "was resected in March 2004"."""
_REFERENCE = _pattern(
    r"\b(?:after|following|before|prior to|since|until|at the time of|at time of|during|from|despite|post|because of|due to|"
    r"(?:of|on|in|by) the (?:first|initial|previous|prior|above)|(?:completion|end|cessation|conclusion|course|time|date|"
    r"day) of)\s+"
    r"(?:the\s+)?(?:\w+therapy\s+(?:and|or|plus)\s+)?(?:(?:the|her|his|their|this|that|these|an?|initial|first|second|third|"
    r"last|previous|"
    r"prior|primary|original|successful|complete|radical|curative|\d+|two|three|four)\s+){0,3}$",
    rf"\b{_UNIT} (?:of|post|from|since)\s+(?:the\s+)?$",
    r"\b(?:pre|post)[-\u2010-\u2015]$",
    r"\b(?:this|these|same|previously|above|above-mentioned|aforementioned|previous|prior|earlier|initial|primary)\s+$",
)
"""Words before a name that point back to a performance rather than tell one."""
_OF_THE = _pattern(r"\b(?:of|from|in|on) (?:the|this|these|his|her) (?:[\w-]+ )?$")
"""So a specimen is named, not another biopsy told."""
_GOES_ON = _pattern(
    r"\b(?:on|under) (?:continued )?(?:treatment|therapy|support) with (?:[\w-]+,? (?:and )?){0,4}$",
    r"\bweaned (?:from|off)\s+(?:the\s+)?$",
)
_FOR_SO_LONG = _pattern(rf"\s+for (?:a total of )?{_NUMBER} {_UNIT}\b")
"""Organ support that goes on is no other: "on treatment with IABP", "was treated with IABP for 26 days"."""
_IS_DONE_THEN = _pattern(
    r" (?:was|were) (?:then |therefore |successfully )?(?:performed|carried out|undertaken)(?! (?:in|at another|"
    r"elsewhere))",
)
_ENDS = _pattern(r"(?: support)? (?:was|were|could be|had been) (?:\w+ly )?(?:stopped|discontinued|withdrawn|terminated|ended|ceased)\b")
_AGAIN = _pattern(
    r"\b(?:repeat(?:ed)?|follow[- ]?up|second|third|fourth|fifth|another|further|subsequent|control|serial|surveillance|new|"
    r"additional|next|"
    r"again|\d+(?:st|nd|rd|th)|later|post-?operative|post-?treatment|post-?therapy|restaging|re-?staging|redo|immediate|"
    r"corresponding|latest|"
    r"intraoperative|interval)[\s,-]+(?:[\w-]+\s+){0,2}$",
    r"\b(?:again|then|subsequently|additionally|later) (?:\w+ ){0,2}(?:underwent|had|received|treated with|performed)\s+"
    r"(?:an?\s+)?(?:[\w-]+\s+){0,2}$",
)
"""Words before a name that tell another performance."""
_TAKEN_DURING = _pattern(r"(?:scopy|tomy) (?:with|and) (?:\w+ )?$")
"""A biopsy told as part of an operation or an endoscopy is that one's own."""
_AND_ALSO = _pattern(r"(?<!\w)and (?:[\w-]+ ){1,5}(?:with|by|received) ")
"""Two courses of one sentence: "the brain metastasis with gamma knife and the abdominal metastases with radiotherapy"."""
_DONE_BY = _pattern(r"(?: [\w-]+){0,3} (?:using|by|via|through|with) (?:an? )?(?:[\w-]+ ){0,3}$")
_REPEATED = _pattern(r"\W*(?:\w+\W+){0,2}(?:was|were)\s+(?:then\s+|again\s+)?repeated\b")
_ALSO = _pattern(r"\b(?:also|additionally|further)\s+(?:\w+\s+)?$")
_PERFORMED = _pattern(r"\b(?:underw[eo]nt|undergone|undergoing|performed|carried out|received|done|undertaken|conducted|treated)\b")
_PERFORMS = _pattern(r"\b(?:we|surgeons?) (?:then |therefore |first )?(?:performed|carried out|undertook|did) (?:an? )?(?:[\w-]+ ){0,3}$")
_UNDERGOES = _pattern(r"\b(?:underw[eo]nt|undergo(?:ne|ing)|received|had)\s+(?:an?\s+|the\s+)?(?:[\w-]+\s+){0,3}$")
_ONE_MORE = _pattern(r"\bfollowed by (?:an? )?(?:[\w-]+ )?$")
_THROUGH = _pattern(
    r"\b(?:through|via|by|using|namely|i\.e\.|for|consisting of)\s+(?:an?\s+)?(?:[\w-]+\s+){0,3}$",
    r"[:(]\s*(?:an?\s+)?(?:[\w-]+\s+){0,3}$",
)
_REMOVES = _pattern(r"(?:ectomy|resection|excision|surgery|craniotomy|laparotomy|thoracotomy|laparoscopy)$")
"""Names of what "the tumor was resected" may mean: a fixation, an anastomosis or a stoma is a step of its own."""
_AFTERMATH = _pattern(
    r"\b(?:post|intra|peri)-?operativ|\boperating (?:room|theat)|\b(?:during|after|following) (?:the )?(?:\w+ )?"
    r"(?:surgery|operation|procedure|intervention|resection|implantation)\b",
    r"\b(?:surgery|operation|procedure) was (?:performed|uneventful|successful)",
)
_NOT_BEFORE = _pattern(
    r"\b(?:no|without|not|never|neither|nor|refus\w+|denied|avoid(?:ed|ing)?|instead of|rather than|unable to (?:undergo|"
    r"tolerate)|unwilling to|"
    r"precluded|defer(?:red)?|lack of|(?:difficult|impossible|not possible|not feasible|inappropriate|too risky) to)\s+"
    r"(?:(?:any|further|additional|other|repeat|permit|allow|consent|agree|undergo|undergone|undergoing|receive|received|have|"
    r"had|perform|"
    r"performed|performing|an?|the|to|for|of|be|been|adjuvant|invasive|surgical|emergency|need|subsequent|prior|previous|more|"
    r"[a-z]+al|"
    r"[a-z]+ic)\s+){0,4}"
    r"(?:(?:therapy|therapies|treatments?|interventions?)\s+(?:in the form of|such as|including|like|with)\s+)?"
    r"(?:[\w-]+(?:\s+therapy)?(?:\s*,\s*(?:or\s+|nor\s+)?|\s+(?:or|nor)\s+)){0,3}$"
)
_NOT_BEHIND = _pattern(
    r"\s+(?:only )?(?:if|in case of|in the event of)\b(?! not\b)",
    r"(?:[ ,]+(?:was|were) (?:requested|attempted|recommended|ordered|offered|proposed|scheduled|planned|suggested),? but)?"
    r"(?:[ ,]+(?!\w+ed\b|was\b|were\b|is\b|are\b|show|demonstr)[\w()/-]+){0,6}[ ,]+"
    r"(?:(?:was|were|is|are|could|can|had|has|have|did) ?(?:not|never)(?: \w+){0,2} (?:performed|done|carried|possible|obtained|"
    r"feasible|"
    r"undertaken|available|considered|indicated|given|attempted|required|needed|necessary|undergone|tolerated)\b|"
    r"(?:was|were|is|are|has been|had been) (?:therefore |thus |then )?(?:avoided|contraindicated|deferred|withheld|unavailable|"
    r"impossible|"
    r"unfeasible|ruled out|cancell?ed|omitted|not an option)\b)",
)
_DONE_BEHIND = _pattern(
    r"(?: [\w-]+){0,3} (?:was|were) (?:then |also |successfully )?(?:performed|done|carried out|undertaken|conducted|completed)\b"
)
_NO = _pattern(r"\b(?:no|not|without|neither|nor|never|denied|declined|refused)\b")
"""A negation that stands behind is of something else, where the procedure is said to be done: "surgery was performed, … was not"."""
_POINTS_AT = _pattern(r"\b(?:after|following|since|before|during|by|on|at|post|despite)\s+(?:[\w-]+\s+){0,3}$")
_INTRODUCES = _pattern(
    r"\s*[,(:]?\s*(?:of|using|by|with|including|include[ds]?|such as|consisting of|comprising|consisted of|i\.e\.,?)?\s*"
    r"(?:both\s+|an?\s+|the\s+)?(?:[\w-]+\s+){0,2}"
)
_NEXT_CASE = _pattern(
    r"\b(?:case|patient)\s+(?:no\.?\s*)?(?:#?[1-9]|two|three|four|II|III|IV)\b",
    r"\b(?:second|third|fourth|other) (?:case|patient)\b",
)
_ABBREVIATION = re.compile(r"\s*[(\[]\s*")
_SENTENCE_END = re.compile(r"[.!?]\s")


def is_done(mention: Mention, name: str, category: str, reading: Reading, sentence: Sentence) -> bool:
    """Whether a name tells a procedure done (or planned, or declined) and is not part of another word or of another name."""
    if _is_something_else(mention, name, category, reading) or _names_the_next(mention, name, category, reading, sentence):
        return False
    if "needs" in mention.attributes and not _object(mention, reading, sentence):
        return False
    left = reading.text[max(sentence.start, mention.start - LEFT) : mention.start]
    if mention.context.declined:
        return True
    if _NOT_BEFORE.search(left) or _NOT_BEHIND.match(reading.text[mention.end : min(sentence.end, mention.end + LEFT)]):
        return False
    done = _DONE_BEHIND.match(reading.text, mention.end) and not _NO.search(reading.text[sentence.start : mention.start])
    return bool(done) or not (mention.context.negated and category in _THERAPY and not _POINTS_AT.search(left))


def _object(mention: Mention, reading: Reading, sentence: Sentence) -> bool:
    """Whether a verb has the object it needs before it; a named tumor is as good as a lump ("the leiomyosarcoma was removed")."""
    needed = mention.attributes["needs"]
    near = reading.within(max(sentence.start, mention.start - _OBJECT), mention.start, "diagnosis") if needed == "lesion" else []
    return bool(reading.within(sentence.start, mention.start, needed)) or any(m.attributes.get("group") == "neoplasm" for m in near)


@cache
def _elsewhere() -> dict[tuple[str, str], list[tuple[str, str]]]:
    """The words of not_procedures.tsv with their concept, by side and by the character next to the name."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in read_table(_FOLDER / "not_procedures.tsv", ("side", "words", "concept", "note")):
        words = fold(row["words"])
        found.setdefault((row["side"], words.strip()[0 if row["side"] == "after" else -1]), []).append((words, row["concept"]))
    return found


def _is_something_else(mention: Mention, name: str, category: str, reading: Reading) -> bool:
    """Whether the words around make a procedure's name another thing: "surgery department", "CT-guided"."""
    of = ("", name, f"category {category}")
    behind = fold(reading.text[mention.end : mention.end + 30])
    before = re.sub(r"\b(?:the|an?)\s+$", "", fold(reading.text[max(0, mention.start - 40) : mention.start])).rstrip()
    for words, concept in _elsewhere().get(("after", behind.lstrip()[:1]), ()):
        rest = behind if words.startswith(" ") else behind.removeprefix(" ")
        if concept in of and rest.startswith(words) and not rest[len(words) : len(words) + 1].isalnum():
            return True
    for words, concept in _elsewhere().get(("before", before[-1:]), ()):
        at = len(before) - len(words)
        if concept in of and before.endswith(words) and not (at > 0 and before[at - 1].isalnum()):
            return True
    return False


def _names_the_next(mention: Mention, name: str, category: str, reading: Reading, sentence: Sentence) -> bool:
    """Whether a name only leads to the next: "Doppler echocardiogram", "imaging studies including CT and MRI"."""
    for other in reading.within(mention.end, min(sentence.end, mention.end + 60), "procedure"):
        gap = reading.text[mention.end : other.start]
        leads = not gap.strip() or (name in _ANNOUNCING and _INTRODUCES.fullmatch(gap))
        if leads and other.attributes.get("category") == category:
            return True
        removes = other.attributes.get("category") in ("surgery", "endoscopy") and not other.attributes.get("generic")
        if mention.found_by.startswith("procedure/word_tumor") and removes and _DONE_BY.fullmatch(gap):
            return True
    return False


def retells(earlier: Draft, later: Draft, reading: Reading) -> bool:
    """Whether `later` tells the performance `earlier` again (see the head of this module)."""
    category = later.attributes["category"]
    if earlier.attributes["category"] != category:
        return False
    told_until = max((end for _, end, _ in earlier.heads if end <= later.head[0]), default=later.head[0])
    if _ABBREVIATION.fullmatch(reading.text, told_until, later.head[0]) and not _sites_differ(earlier, later):
        return True
    if not _may_be_one(earlier, later) or later.head[0] - told_until > _FAR:
        return False
    between = reading.text[told_until : later.head[0]]
    lead = reading.text[max(later.sentence.start, told_until, later.head[0] - LEFT) : later.head[0]]
    alike = _same_name(earlier, later) or (_REFERENCE.search(lead) and _names_more_shortly(earlier, later))
    if not (alike or _generic(later) or _explains(earlier, later, between)):
        return False
    if _turns_to_another_case(told_until, later.head[0], reading):
        return False
    if _generic(earlier) and not _generic(later) and _points_back(earlier, reading):
        return False
    if category == "biopsy" and _TAKEN_DURING.search(lead):
        return False
    if category == "radiotherapy" and earlier.sentence == later.sentence and _AND_ALSO.search(between) and earlier.name != later.name:
        return False
    repeated = category not in _REPORTS and _REPEATED.match(reading.text, later.head[1]) is not None
    if category == "surgery" and later.mention.text.endswith("s") and _SEVERAL.search(lead) and _SEVERAL_DONE.search(lead):
        return False
    if not repeated and (_REFERENCE.search(lead) or (category == "biopsy" and _OF_THE.search(lead))):
        return True
    if category == "other" and _same_name(earlier, later) and _ENDS.match(reading.text, later.head[1]):
        return True
    if category == "other" and _same_name(earlier, later) and (_GOES_ON.search(lead) or _FOR_SO_LONG.match(reading.text, later.head[1])):
        return True
    if category not in _THERAPY and earlier.mention.context.historical and not later.mention.context.historical:
        return False
    if category in _REPORTS:
        return not _tells_specimen(told_until, later.head[0], reading) and not _passes(told_until, later, reading)
    again = repeated or bool(_AGAIN.search(lead))
    past = earlier.mention.context.historical and not later.mention.context.historical
    if category == "surgery" and past and (_PERFORMS.search(lead) or _IS_DONE_THEN.match(reading.text, later.head[1])):
        return False
    if category == "surgery":
        as_verb = later.mention.found_by.startswith("procedure/word_tumor")
        performed = as_verb or bool(_PERFORMED.search(reading.words(later.sentence)) or _PASSES.search(lead) or _ONE_MORE.search(lead))
        far = len(_SENTENCE_END.findall(between)) > 1
        anew = far and earlier.attributes.get("status") != "planned" and bool(_UNDERGOES.search(lead) or _ONE_MORE.search(lead))
        again = again or anew or (as_verb and bool(_ALSO.search(lead)))
        return not (performed and (again or _passes(_done_until(earlier, later, told_until, lead, reading), later, reading)))
    return not again and not _passes(told_until, later, reading) and not _treats(told_until, later.head[0], reading)


def _done_until(earlier: Draft, later: Draft, told_until: int, lead: str, reading: Reading) -> int:
    """From where time may pass to another operation: "54 months after the surgery … a dissection was performed" looks back first."""
    if not (_DONE_BEHIND.match(reading.text, later.head[1]) or _UNDERGOES.search(lead)):
        return told_until
    return max((end for start, end, _ in earlier.heads if end <= told_until and not _points_there(reading, start)), default=told_until)


def carried_out(draft: Draft, reading: Reading) -> bool:
    """Whether a planned procedure is told as done later: by its name, or by its aftermath ("the postoperative course")."""
    if any(not m.context.planned for _, _, m in draft.heads):
        return True
    last = reading.sentences[min(draft.sentence.index + _AFTERWARDS, len(reading.sentences) - 1)]
    return draft.attributes["category"] == "surgery" and bool(_AFTERMATH.search(reading.text, draft.head[1], last.end))


def _may_be_one(earlier: Draft, later: Draft) -> bool:
    """Whether two tellings of one category could be of one performance by their names, places and sides."""
    one, other = earlier.attributes, later.attributes
    if one.get("status") == "declined" or _differ(one.get("laterality"), other.get("laterality")):
        return False
    if _sites_differ(earlier, later):
        return False
    if _same_name(earlier, later) or _names_more_shortly(earlier, later):
        return one["category"] != "imaging" or not other.get("site") or bool(one.get("site"))
    if _generic(later):
        return not _apart(earlier)
    if not _generic(earlier) or one["category"] not in SPECIMEN or _apart(later):
        return False
    return one["category"] != "surgery" or earlier.mention.name == "surgery" or bool(_REMOVES.search(later.name))


def _same_name(earlier: Draft, later: Draft) -> bool:
    return earlier.name == later.name or (earlier.mention.name is not None and earlier.mention.name == later.mention.name)


def _names_more_shortly(earlier: Draft, later: Draft) -> bool:
    """Whether the later name is the end of the earlier one, as words that point back use it: "after colectomy", a hemicolectomy."""
    told = {earlier.name, earlier.mention.text.lower()}
    return later.attributes["category"] == "surgery" and later.name.endswith("ectomy") and any(n.endswith(later.name) for n in told)


def _explains(earlier: Draft, later: Draft, between: str) -> bool:
    """Whether a special name says what the general word before it was: "surgery was planned. A laparotomy was performed"."""
    if earlier.attributes["category"] == "radiotherapy" and between.strip() == "with":
        return True
    if {m.name for _, _, m in earlier.heads if m.name and not m.attributes.get("generic")} - {later.mention.name}:
        return False  # explained already
    if earlier.sentence == later.sentence and not _THROUGH.search(between):
        return False
    return len(_SENTENCE_END.findall(between)) <= 2 and not _PASSES.search(between)


def _differ(one: str | None, other: str | None) -> bool:
    return bool(one and other and one != other)


def _sites_differ(earlier: Draft, later: Draft) -> bool:
    one, other = earlier.attributes.get("site"), later.attributes.get("site")
    return bool(one and other) and not _same_place(str(one), str(other))


def _same_place(one: str, other: str) -> bool:
    a, b = set(one.split()), set(other.split())
    return a <= b or b <= a


def _generic(draft: Draft) -> bool:
    """Whether a name fits whichever procedure of its category is meant: "surgery", "biopsy", "endoscopy"."""
    return bool(draft.mention.attributes.get("generic")) or draft.mention.name in _GENERAL


def _apart(draft: Draft) -> bool:
    """Whether a procedure is too special to be meant by the general word of its category: no "biopsy" means a marrow aspiration."""
    return draft.mention.name in _SPECIAL or draft.attributes.get("site") == "bone marrow"


def _turns_to_another_case(start: int, end: int, reading: Reading) -> bool:
    """Whether the text between two places goes on to another patient."""
    turns = reading.once(_NEXT_CASE, lambda: [m.span() for m in _NEXT_CASE.finditer(reading.text)])
    return any(last <= end for _, last in turns[bisect_left(turns, (start,)) : bisect_left(turns, (end,))])


def _points_back(draft: Draft, reading: Reading) -> bool:
    """Whether a first telling already points back ("8 months after surgery"), so that an operation told later is another."""
    return all(_points_there(reading, start) for start, _, _ in draft.heads)


def _points_there(reading: Reading, start: int) -> bool:
    return bool(_REFERENCE.search(reading.text[max(reading.sentence_at(start).start, start - 60) : start]))


def _passes(start: int, later: Draft, reading: Reading) -> bool:
    """Whether the story moves on in time between `start` and the later telling, or the later one says so of itself."""
    if _TIME_BEHIND.match(reading.text, later.head[1]):
        return True
    # What looks back ("six years previously") moves nothing on for the sentences after it.
    passages = reading.once(_passages, lambda: _passages(reading))
    first = bisect_left(passages, (start,))
    return any(
        begin >= later.sentence.start or not looks_back
        for begin, end, looks_back in passages[first : bisect_left(passages, (later.head[0],))]
        if end <= later.head[0]
    )


def _passages(reading: Reading) -> list[tuple[int, int, bool]]:
    """Every place of the case where the story moves on in time, and whether it looks back."""
    plain = without_case(_PASSES)
    regex, text = (plain, lower_case(reading.text)) if plain else (_PASSES, reading.text)
    return [
        (m.start(), m.end(), bool(_LOOKS_BACK.search(m[0])))
        for section in reading.sections
        if section.kind in CASE_KINDS
        for m in regex.finditer(text, section.start, section.end)
    ]


def _tells_specimen(start: int, end: int, reading: Reading) -> bool:
    """Whether tissue is taken anew between two places of the text."""
    return any(
        m.attributes.get("category") in SPECIMEN
        and (not m.attributes.get("generic") or _is_undergone(reading, m.start))
        and m.name != "biopsy"
        and not _points_there(reading, m.start)
        for m in reading.within(start, end, "procedure")
    )


def _is_undergone(reading: Reading, start: int) -> bool:
    """Whether the words before a general name say that it was done then: "she underwent surgical resection"."""
    return bool(_UNDERGOES.search(reading.text[max(reading.sentence_at(start).start, start - 60) : start]))


def _treats(start: int, end: int, reading: Reading) -> bool:
    """Whether the patient is treated between two places of the text, so that an examination is a later one."""
    return bool(reading.within(start, end, "drug")) or any(
        m.attributes.get("category") in ("surgery", "radiotherapy") and not _points_there(reading, m.start)
        for m in reading.within(start, end, "procedure")
    )
