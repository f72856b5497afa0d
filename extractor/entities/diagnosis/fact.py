"""A disease that is named becomes one diagnosis; what the report says of it again is the same diagnosis.

Case reports name the disease they are about many times, now whole ("pancreatic adenocarcinoma"), now by its abbreviation, now by
a word for any such disease ("the cancer"). A new fact is made only by what is another disease: another histology, another organ or
side, or the metastatic state of a tumour once it is pronounced.
"""

import re
from collections.abc import Sequence

from extractor.entities.diagnosis.naming import (
    adjectives,
    agree,
    caused_by,
    family_of,
    fullness,
    is_malignant,
    name_of,
    organ_nouns,
    other_organs,
    place_in_name,
    same_tumour_names,
    shared_nouns,
    words_of,
)
from extractor.entities.diagnosis.recognised import is_vague, may_name_a_disease
from extractor.entities.diagnosis.telling import effect, grade_after, stage_after, stages
from extractor.entities.lesion import fact as lesion
from extractor.entities.lexicon import RECOGNISED
from extractor.entities.reading import Draft, Reading, Sentence
from extractor.entities.site.composition import SiteReading, side_in, site_of
from extractor.entities.site.within import may_be_one
from extractor.schema import CASE_KINDS, Mention

_PRONOUNCED = re.compile(
    r"confirm|reveal|show|demonstrat|diagnos|prove|proving|consistent with|in keeping with|patholog|histolog|biops|cytolog|contain|"
    r"identif",
    re.IGNORECASE,
)
_SPREAD = re.compile(r"metasta|recurren|relaps|disseminat|carcinomatos|leptomening|carcinosis", re.IGNORECASE)
_TUMOUR = re.compile(r"(?:oma|cancer|tumou?r|leuka?emia|malignan\w+|neoplas\w+|lymphoproliferative \w+|histiocytosis)s?\b", re.IGNORECASE)
_ALSO_CALLED = re.compile(r"\s*[/=(]\s*|[\s,()]*(?:also\s+)?(?:called|known\s+as|termed|i\.e\.,?)\s+(?:an?\s+|the\s+)?", re.IGNORECASE)
_LESION_NOUN = re.compile(r"metastas[ei]s|tumou?r|neoplasm", re.IGNORECASE)
_TIED = re.compile(r"\s*(?:\([^()]*\)\s*)?,?\s*(?:of|in|on|at|within|involving|affecting|over|to|arising)\b[^,;:]*$", re.IGNORECASE)
_PAIRED = frozenset({"breast", "ovary", "kidney", "testis", "adrenal", "eye", "orbit", "nose", "cavity", "parotid"})
_EYE = frozenset({"eye", "retina", "macula", "cornea", "optic", "orbit", "conjunctiva"})
"""Of a disease of the eye a sentence tells the side once, wherever: "the left optic nerve was swollen with macular edema"."""
_ORIGIN = re.compile(r"metastas[ei]s\s+(?:of|from)\s+(?:an?\s+|the\s+)?(?:primary\s+)?(.+)$", re.IGNORECASE)
_PLACE_OF_SPREAD = re.compile(r"(?!solitary |isolated |multiple |single )\w+ (?:\w+ )?metastas", re.IGNORECASE)
_METASTATIC = re.compile(r"metastatic|(?:\w+ )?metastas[ei]s", re.IGNORECASE)
_RECURRENT = re.compile(r"recurrent|relapsed", re.IGNORECASE)
_IS_DIAGNOSED = re.compile(
    r"\b(?:diagnosis of|diagnosed (?:as|with)|confirm(?:ed|ing)|proved|revealed|showed|demonstrated)\s+(?:an?\s+|the\s+)?$", re.IGNORECASE
)
_SHARES = re.compile(r"(?<![\w-])(?P<organ>[A-Za-z]{4,})\s*(?:,\s*|(?:/|,?\s+(?:and/or|and|or)\s+)(?:acute\s+|chronic\s+)?)", re.IGNORECASE)
_DEFINITE = re.compile(r"\b(?:his|her|their|the|this)\s+$", re.IGNORECASE)
_READ = re.compile(r"\b(?:consistent|compatible) with\s+(?:an? |the |solitary |isolated |multiple ){0,2}$", re.IGNORECASE)
_EXAMINED = re.compile(r"patholog|histolog|immuno|biops|microscop|cytolog|specimen|stain", re.IGNORECASE)
_ONE_MORE = re.compile(
    r"\b(?:contralateral|another|metachronous|(?:an?|the|his|her) (?:second|third)|second primary|"
    r"third primary|an? (?:new|separate|different|distinct))"
    r"(?: primary| synchronous| independent| episode of| bout of| attack of){0,2}\s+(?:\w+\s+)?$",
    re.IGNORECASE,
)
_ONE_MORE_NAMED = re.compile(r"(?:contralateral|metachronous|second primary) ", re.IGNORECASE)
_AGAIN = re.compile(r"\s+(?:again\b|re(?:oc)?curred\b|relapsed\b|reappeared\b)", re.IGNORECASE)
_OPERATED_FOR = re.compile(
    r"\s*(?:\([^()]*\)\s*)?(?:(?:was|were)\s+(?:done|performed|carried\s+out)\s+)?(?:for|because\s+of|"
    r"due\s+to)\s+(?:(?:an?|the|his|her)\s+)?"
    r"(?:[\w-]+\s+){0,2}$",
    re.IGNORECASE,
)
_SAMPLE_SHOWED = re.compile(
    r"[^.,;]{0,30}\b(?:show|reveal|confirm|demonstrat|yield|disclos|identif|found)\w*\s+(?:an?\s+|"
    r"the\s+)?(?:[\w-]+\s+){0,3}$",
    re.IGNORECASE,
)
_SPREAD_TO = re.compile(
    r"lymph|node|marrow|liver|lung|pleura|periton|brain|bone|spine|vertebra|skin|adrenal|omentum|"
    r"ascites",
    re.IGNORECASE,
)
"""Where a biopsy finds the spread of a tumour as often as a tumour of the place."""
_NEAR = 3
_LOOK_BACK = 12
"""How many sentences back the lump lies that a tumour's name is given to."""
_STAGE_REACH = 1200
"""Characters between a tumour and the stage told of it."""


def build(mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """The diagnosis a mention makes, with its adjectives; none where the words around say it is nobody's."""
    if mention.found_by.startswith(RECOGNISED) and not may_name_a_disease(mention, reading):
        return []
    sentence = reading.sentence_at(mention.start)
    told = adjectives(mention, reading, sentence)
    if is_vague(reading.text[told.start : mention.end]):
        return []
    said = effect(reading, sentence, told.start, mention.end)
    if said == "none" or (mention.context.uncertain and said is None) or _points_back(mention, reading, drafts):
        return []
    if mention.found_by.endswith("pronounced_metastasis") and _only_read(mention, reading, sentence):
        return _as_lesion(mention, reading, drafts)
    draft = Draft("diagnosis", name_of(mention, reading, told.start), mention, sentence, head=(told.start, mention.end))
    draft.certainty = "suspected" if said == "suspected" else "confirmed"
    draft.attributes = {"grade": told.grade or grade_after(reading, sentence, mention.end), "stage": told.stage}
    if told.stage_span:
        draft.evidence.append((*told.stage_span, "attribute"))
    if after := stage_after(reading, sentence, mention.end):
        draft.attributes["stage"] = draft.attributes["stage"] or after[0]
        draft.evidence.append((*after[1], "attribute"))
    _place(draft, reading, sentence)
    _place_operated(draft, drafts, reading)
    _place_examined(draft, reading, drafts)
    return [*_coordinated(draft, reading), draft, *_as_lesion(mention, reading, drafts), *_come_back(draft, reading)]


def _come_back(draft: Draft, reading: Reading) -> list[Draft]:
    """A tumor that is pronounced to be a recurrent one has come back: that is an outcome, too."""
    word = _RECURRENT.match(reading.text, draft.head[0])
    lead = reading.text[max(draft.sentence.start, draft.head[0] - 40) : draft.head[0]]
    if not word or draft.certainty != "confirmed" or not _IS_DIAGNOSED.search(lead):
        return []
    return [Draft("outcome", "recurrence", draft.mention, draft.sentence, head=word.span())]


def _coordinated(draft: Draft, reading: Reading) -> list[Draft]:
    """The disease of an organ that shares its noun with the next: the renal failure of "renal and liver failure"."""
    noun = draft.mention.text.lower().rpartition(" ")[2].removesuffix("s")
    match = _SHARES.search(reading.text, max(draft.sentence.start, draft.head[0] - 40), draft.head[0])
    if not match or match.end() != draft.head[0] or " " not in draft.mention.text or noun not in shared_nouns():
        return []
    organ = match["organ"].lower()
    site = organ_nouns().get(organ, organ)
    span = match.span("organ")
    if site not in organ_nouns().values() or reading.within(*span, "diagnosis"):
        return []
    return [Draft("diagnosis", f"{organ} {noun}", draft.mention, draft.sentence, {"site": site}, certainty=draft.certainty, head=span)]


def _points_back(mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> bool:
    """Whether words for any disease of an organ only take up one told before: "her bowel disease" after Crohn's disease."""
    known = any(d.type == "diagnosis" and not is_tumour(d) for d in drafts)
    lead = reading.text[max(0, mention.start - 8) : mention.start]
    return mention.found_by.endswith("unlisted_organ_disease") and known and bool(_DEFINITE.search(lead))


def _only_read(mention: Mention, reading: Reading, sentence: Sentence) -> bool:
    """Whether an image is only read so ("lesions consistent with metastasis"): a diagnosis takes tissue."""
    lead = reading.text[sentence.start : mention.start]
    return bool(_READ.search(lead)) and not _EXAMINED.search(reading.words(sentence))


def same(earlier: Draft, later: Draft, reading: Reading) -> bool:
    """Whether `later` names the disease of `earlier` again."""
    if _side_by_side(earlier, later, reading):
        return True
    if _is_another(later, reading) and not _is_another(earlier, reading):
        return False
    if earlier.certainty != later.certainty and earlier.name != later.name:
        return False
    if {earlier.attributes.get("laterality"), later.attributes.get("laterality")} >= {"left", "right"}:
        return False
    if is_tumour(earlier) and is_tumour(later):
        return _same_tumour(earlier, later, reading)
    if other_organs(earlier.name, later.name) or caused_by(earlier.name, later.name):
        return False
    places = frozenset() if _places_differ(earlier, later) else _site_words(earlier, later)
    told, again = words_of(earlier.name), words_of(later.name)
    if "acute" in told and not again & {"acute", "chronic"}:
        again |= {"acute"}  # told again more shortly: "acute renal failure … the renal failure"
    return agree(told - places, again - places)


def review(drafts: list[Draft], reading: Reading) -> list[Draft]:
    """Each tumour takes the fullest name it was given, and the stage that is told apart from its name."""
    drafts = _without_other_meanings(_retold(drafts, reading))
    tumours = [d for d in drafts if d.type == "diagnosis" and is_tumour(d)]
    for draft in tumours:
        _place_of_lump(draft, drafts)
        draft.name = _fullest_name(draft)
    for start, end, stage in stages(reading):
        told = [
            (h[1], d)
            for d in tumours if is_malignant(d.name)
            for h in d.heads if h[0] <= start + 60 and start - h[1] < _STAGE_REACH
        ]  # fmt: skip
        if told:
            draft = max(told, key=lambda t: t[0])[1]
            if not draft.attributes.get("stage") or draft.attributes["stage"] in stage:
                draft.attributes["stage"] = stage
                draft.evidence.append((start, end, "attribute"))
    return drafts


def _without_other_meanings(drafts: list[Draft]) -> list[Draft]:
    """An acronym that is once a diagnosis is nowhere another type's: BCS is Budd-Chiari syndrome, then, and no operation."""
    known = {m.text for d in drafts if d.type == "diagnosis" for _, _, m in d.heads if m.found_by.endswith("_acronym")}
    return [d for d in drafts if d.type == "diagnosis" or d.mention.text not in known]


def _retold(drafts: list[Draft], reading: Reading) -> list[Draft]:
    """What an abstract, a legend or a discussion names is a disease of the case; a new one counts from an abstract only."""
    case = [d for d in drafts if d.type == "diagnosis" and d.sentence.section.kind in CASE_KINDS]
    if not case:
        return drafts
    kept = []
    for draft in drafts:
        if draft.type != "diagnosis" or draft in case:
            kept.append(draft)
            continue
        earlier = max(case, key=lambda d: _likeness(d, draft, reading))
        if _likeness(earlier, draft, reading):
            earlier.heads += draft.heads
        elif draft.sentence.section.kind == "abstract":
            kept.append(draft)
    return kept


def _likeness(earlier: Draft, later: Draft, reading: Reading) -> int:
    """How well a retelling fits a diagnosis of the case: 0 is not at all; the same disease fits best in the same state."""
    if is_tumour(earlier) != is_tumour(later):
        return 0
    if not is_tumour(earlier):
        return 2 * agree(words_of(earlier.name), words_of(later.name))
    spread = bool(_SPREAD.search(earlier.name)), bool(_SPREAD.search(later.name))
    if all(spread) and not (_TUMOUR.search(earlier.name) and _TUMOUR.search(later.name)):
        return 2 * _same_spread(earlier, later)
    alike = any(same_tumour_names(name, later.name, _site_words(earlier, later)) for name in _names(earlier))
    return (1 + (spread[0] == spread[1])) * alike


def is_tumour(draft: Draft) -> bool:
    """Whether a diagnosis is of a tumour; its list or its name says so."""
    return bool(draft.mention.attributes.get("group") == "neoplasm") or bool(_TUMOUR.search(draft.name)) or bool(_SPREAD.search(draft.name))


def _side_by_side(earlier: Draft, later: Draft, reading: Reading) -> bool:
    """ "leukopenia/ myelosuppression" is one thing named twice."""
    if is_tumour(earlier) != is_tumour(later):
        return False
    end = max(h[1] for h in earlier.heads)
    return 0 <= later.head[0] - end <= 40 and bool(_ALSO_CALLED.fullmatch(reading.text[end : later.head[0]]))


def _is_another(draft: Draft, reading: Reading) -> bool:
    """Whether the words tell of one more disease of the kind: "a contralateral breast cancer", "another pneumonia", "it recurred"."""
    start, end = draft.mention.start, draft.mention.end
    if _ONE_MORE.search(reading.text[max(draft.sentence.start, start - 40) : start]) or _ONE_MORE_NAMED.match(draft.mention.text):
        return True
    return not is_tumour(draft) and bool(_AGAIN.match(reading.text, end))


def _same_tumour(earlier: Draft, later: Draft, reading: Reading) -> bool:
    spread = bool(_SPREAD.search(earlier.name)), bool(_SPREAD.search(later.name))
    if all(spread) and _same_origin(earlier, later):
        return True
    if spread == (True, True) and not (_TUMOUR.search(earlier.name) and _TUMOUR.search(later.name)):
        return _same_spread(earlier, later)
    if spread[0] != spread[1] and (spread[0] or _PRONOUNCED.search(reading.words(later.sentence)) or not _TUMOUR.search(later.name)):
        return False
    if _sites_differ(earlier, later):
        return False
    organs = _site_words(earlier, later)
    return all(same_tumour_names(name, later.name, organs) for name in _names(earlier))


def _same_spread(earlier: Draft, later: Draft) -> bool:
    """ "leptomeningeal disease" and "leptomeningeal carcinomatosis": the place is what counts, whatever the word for the spread."""
    one, other = earlier.attributes.get("site"), later.attributes.get("site")
    return earlier.name == later.name or (one is not None and one == other)


def _same_origin(earlier: Draft, later: Draft) -> bool:
    """ "splenic metastasis of gastric cancer" and then "metastasis from the gastric carcinoma", which says no other place."""
    origins = [m[1] for d in (earlier, later) if (m := _ORIGIN.search(d.name))]
    if len(origins) < 2 or (_PLACE_OF_SPREAD.match(earlier.name) and _PLACE_OF_SPREAD.match(later.name)):
        return False
    return same_tumour_names(origins[0], origins[1], frozenset())


def _sites_differ(earlier: Draft, later: Draft) -> bool:
    one, other = earlier.attributes.get("site"), later.attributes.get("site")
    if not one or not other or "lymph node" in one or "lymph node" in other:
        return False
    return not words_of(one) & words_of(other) and not may_be_one(one, other)


def _places_differ(earlier: Draft, later: Draft) -> bool:
    one, other = earlier.attributes.get("site"), later.attributes.get("site")
    return bool(one and other) and not may_be_one(str(one), str(other))


def _site_words(earlier: Draft, later: Draft) -> frozenset[str]:
    sites = [s for d in (earlier, later) for s in (d.attributes.get("site"), d.mention.attributes.get("site")) if s]
    return frozenset(w for s in sites for w in words_of(s))


def _names(draft: Draft) -> list[str]:
    """The name of a diagnosis and those of its retellings."""
    return list(dict.fromkeys([draft.name, *(m.name or m.text.lower() for _, _, m in draft.heads if m.found_by != "abbreviation")]))


def _fullest_name(draft: Draft) -> str:
    """Of the names a tumour was given in the same state the one that says most of its kind; of equals the first."""
    spread = bool(_SPREAD.search(draft.name))
    return max((n for n in _names(draft) if bool(_SPREAD.search(n)) == spread), key=fullness)


def _place(draft: Draft, reading: Reading, sentence: Sentence) -> None:
    """Site and side: as told around the name, else as the name implies."""
    mention = draft.mention
    place = site_of(reading, sentence, mention.start, mention.end)
    implied = mention.attributes.get("site") or place_in_name(mention.name or mention.text)
    site = place.site
    if mention.attributes.get("group") == "metastasis" and _inside(place, mention):
        site = None
    if site and mention.found_by.endswith("terms.tsv") and _inside(place, mention):
        site = implied or site
    near = all(_near(span, draft, reading) for span in place.spans)
    draft.attributes |= {"site": (site if near else None) or implied, "laterality": place.laterality if near else None}
    if not draft.attributes["laterality"] and words_of(str(draft.attributes["site"])) & _EYE:
        draft.attributes["laterality"] = side_in(reading.words(sentence))
    draft.evidence += [(*s, "attribute") for s in place.spans if not (mention.start <= s[0] < mention.end)]


def _place_examined(draft: Draft, reading: Reading, drafts: Sequence[Draft]) -> None:
    """A histology pronounced without a place is of the lump that was examined just before: it may be another tumour than those known."""
    if (
        draft.attributes["site"]
        or not (draft.mention.attributes.get("group") == "neoplasm" or draft.mention.text.lower().endswith(("carcinoma", "sarcoma")))
        or family_of(draft.name) in (None, "lymphoid")
        or _DEFINITE.search(reading.text[max(0, draft.head[0] - 8) : draft.head[0]])
        or not _PRONOUNCED.search(reading.text[draft.sentence.start : draft.head[0]])
    ):
        return
    near = [d for d in _lumps(drafts, draft) if d.type == "lesion" and draft.sentence.index - d.sentence.index <= 1]
    if near:
        draft.attributes["site"] = near[0].attributes["site"]


def _place_operated(draft: Draft, drafts: Sequence[Draft], reading: Reading) -> None:
    """A tumour named without a place is where it was operated on or biopsied: "thyroidectomy for papillary carcinoma"."""
    known = draft.attributes["site"]
    if not is_tumour(draft) or family_of(draft.name) in (None, "lymphoid"):
        return
    for done in reversed(drafts):
        if done.type != "procedure" or done.sentence.index != draft.sentence.index:
            continue
        if not done.attributes.get("site") or done.head[1] > draft.head[0]:
            continue
        between, site = reading.text[done.head[1] : draft.head[0]], done.attributes["site"]
        operated = done.attributes.get("category") == "surgery" and _OPERATED_FOR.fullmatch(between) and "lymph" not in site
        sampled = done.attributes.get("category") == "biopsy" and _SAMPLE_SHOWED.fullmatch(between) and not _SPREAD_TO.search(site)
        if (operated or sampled) and (known is None or words_of(str(known)) & words_of(site)):
            side = side_in(reading.text[done.head[0] : draft.head[0]]) if words_of(site) & _PAIRED else None
            told = draft.attributes.get("laterality") or done.attributes.get("laterality")
            draft.attributes |= {"site": known or site, "laterality": told or side}
        return


def _near(span: tuple[int, int], draft: Draft, reading: Reading) -> bool:
    """Whether a place belongs to the name: within it, right before it, or tied to it close behind."""
    (start, end), (head, tail) = span, draft.head
    if end <= head:
        return not re.search(r"[,;:()]|\band\b|\bor\b", reading.text[end:head]) and head - end < 25
    return start < tail or (start - tail < 45 and bool(_TIED.match(reading.text[tail:start])))


def _place_of_lump(draft: Draft, drafts: Sequence[Draft]) -> None:
    """A tumour whose name says no place has that of the lump that was examined, and on paired organs its side."""
    if draft.attributes.get("site") == draft.mention.attributes.get("site") and _METASTATIC.match(draft.name):
        here = [d for d in reversed(drafts) if d.type == "lesion" and d.attributes.get("site") and d.head[0] < draft.head[0]]
        if here and draft.sentence.index - here[0].sentence.index <= _NEAR:
            draft.attributes |= {k: here[0].attributes.get(k) for k in ("site", "laterality")}
            return
    if family_of(draft.name) == "lymphoid":
        return
    for lump in _lumps(drafts, draft):
        told, site = lump.attributes.get("site"), draft.attributes.get("site")
        if site is None:
            draft.attributes["site"] = site = told
        if words_of(str(told)) & words_of(str(site)):
            if words_of(str(site)) & _PAIRED:
                draft.attributes["laterality"] = draft.attributes.get("laterality") or lump.attributes.get("laterality")
            return


def _inside(place: SiteReading, mention: Mention) -> bool:
    """Whether the place is only a word of the name itself ("heart failure")."""
    return " of " not in mention.text and all(mention.start <= s and e <= mention.end for s, e in place.spans)


def _lumps(drafts: Sequence[Draft], tumour: Draft) -> list[Draft]:
    """The lesions told shortly before a tumour is named, nearest first, then the operations and biopsies."""
    near = [
        d for d in reversed(drafts)
        if d.type in ("lesion", "procedure") and d.attributes.get("site") and d.head[0] < tumour.head[0]
        and tumour.sentence.index - d.sentence.index <= (_LOOK_BACK if d.type == "lesion" else _NEAR)
        and d.name not in ("lymph node", "metastasis")
        and d.attributes.get("category") in (None, "surgery", "biopsy") and "lymph node" not in d.attributes["site"]
    ]  # fmt: skip
    return sorted(near, key=lambda d: d.type != "lesion")


def _as_lesion(mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """A tumour or metastasis that is pronounced as the diagnosis stays the lesion it also is."""
    name = mention.attributes.get("lesion")
    noun = _LESION_NOUN.search(mention.text)
    if not name or not noun:
        return []
    start, end = mention.start + noun.start(), mention.start + noun.end()
    words = {"label": "lesion", "name": name, "attributes": {}, "start": start, "end": end, "text": noun[0]}
    return lesion.build(mention.model_copy(update=words), reading, drafts)
