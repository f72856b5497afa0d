"""Procedures as facts: one for each performance, named in full ("brain MRI"), with its place, its side and its dose.

Names and places are read in naming.py; what was done, and what is only told again, in telling.py.
"""

from collections.abc import Sequence

from extractor.entities.procedure import illness
from extractor.entities.procedure.naming import imaged, performed, singular
from extractor.entities.procedure.telling import EXAMINATIONS, carried_out, is_done, retells
from extractor.entities.reading import Draft, Reading
from extractor.schema import Mention


def build(mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """The performances a name tells: two for "brain and spine MRIs", none where it was not done or names something else.

    What is done at the bedside or in the laboratory, and care, is never one.
    """
    sentence = reading.sentence_at(mention.start)
    name = mention.name or singular(mention.text)
    category = mention.attributes.get("category", "other")
    if category == "bedside" or not is_done(mention, name, category, reading, sentence):
        return []
    if category == "imaging":
        return imaged(mention, name, reading, sentence)
    return [performed(mention, name, category, reading, drafts)]


def same(earlier: Draft, later: Draft, reading: Reading) -> bool:
    """Whether `later` tells the performance `earlier` again, and not another one."""
    return retells(earlier, later, reading)


def review(drafts: list[Draft], reading: Reading) -> list[Draft]:
    """The most telling name of a performance told several times; a plan carried out is no plan any more."""
    for draft in drafts:
        if draft.type != "procedure":
            continue
        special = [m for _, _, m in draft.heads if m.name and not m.attributes.get("generic")]
        if draft.mention.attributes.get("generic") and special:
            draft.name = special[0].name or draft.name
            draft.attributes["site"] = draft.attributes.get("site") or special[0].attributes.get("site")
        if draft.attributes.get("status") == "planned" and carried_out(draft, reading):
            draft.attributes.pop("status")
    # Twice: a report takes the place of its specimen, which may have taken that of the lesion.
    for reports in (False, True):
        for draft in drafts:
            if draft.type == "procedure" and (draft.attributes["category"] == "pathology") is reports:
                illness.place(draft, drafts, reading)
    return [d for n, d in enumerate(drafts) if not (_only_intended(d) and _is_followed(d, drafts[n + 1 :]))]


def _only_intended(draft: Draft) -> bool:
    said = draft.attributes
    return draft.type == "procedure" and said.get("status") == "planned" and said["category"] in EXAMINATIONS


def _is_followed(draft: Draft, later: Sequence[Draft]) -> bool:
    """Whether an examination that was advised is told right after, by whatever name: it is no fact of its own then."""
    return any(
        d.type == "procedure"
        and d.attributes["category"] == draft.attributes["category"]
        and "status" not in d.attributes
        and 0 <= d.sentence.index - draft.sentence.index <= 2
        for d in later
    )
