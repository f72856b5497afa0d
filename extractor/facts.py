"""Mentions to facts, for each patient: asks each entity type's builder, and makes one fact of what is told twice.

A type's own rules are its `fact.py`: `build(mention, reading, drafts)`, and optionally `same(earlier, later, reading)`,
`retells(earlier, later, reading)` (the same for what stands outside the case) and `review(drafts, reading)`.
Without one a mention becomes a fact with its own name and attributes.
"""

import importlib
import importlib.util
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import TypeAdapter

from extractor.confidence import confidence
from extractor.entities.lexicon import HERE, RECOGNISED, Entity
from extractor.entities.patient.stories import Person
from extractor.entities.reading import Draft, Reading
from extractor.schema import CASE_KINDS, STANDARD_TYPES, BaseFact, Fact, Mention, Relation

_ONE_FACT: TypeAdapter[Fact] = TypeAdapter(Fact)
_COMMON = frozenset(BaseFact.model_fields) | {"type"}

_ANNOUNCES = re.compile(r"\b(?:we|authors|(?:article|paper|report|study))(?: \w+)? (?:report|describe|present)(?:s|ed)?\b", re.IGNORECASE)
_AGE = re.compile(r"\b\d{1,3}[- ](?:year|month|week|day)s?[- ]old\b", re.IGNORECASE)


@dataclass(frozen=True)
class Builder:
    """How one entity type makes facts."""

    build: Callable[[Mention, Reading, Sequence[Draft]], list[Draft]]
    same: Callable[[Draft, Draft, Reading], bool]
    retells: Callable[[Draft, Draft, Reading], bool]
    review: Callable[[list[Draft], Reading], list[Draft]]


@dataclass(frozen=True)
class Found:
    """The facts of a report, and the relations between them that are not of time."""

    facts: tuple[Fact, ...]
    relations: tuple[Relation, ...]


def find_facts(people: Sequence[Person], entities: Mapping[str, Entity]) -> Found:
    """The patients' own facts, in the order of the text, without times, and how they hang together."""
    drafts = [(draft, person) for person in people for draft in _drafts(person.reading, entities)]
    drafts.sort(key=lambda x: x[0].mention.start)
    facts = [_fact(draft, number, person) for number, (draft, person) in enumerate(drafts, start=1)]
    fact_of = {id(draft): fact for (draft, _), fact in zip(drafts, facts, strict=True)}
    return Found(tuple(facts), tuple(_same_lesions([draft for draft, _ in drafts], fact_of)))


def _same_lesions(drafts: Sequence[Draft], fact_of: Mapping[int, Fact]) -> Iterator[Relation]:
    """The later observations of a lesion, each with the one before it."""
    for draft in drafts:
        earlier = fact_of.get(id(draft.observed_before))
        if draft.observed_before is not draft and earlier is not None:
            later = fact_of[id(draft)]
            yield Relation(type="same-lesion", source=later.id, target=earlier.id, evidence=later.evidence[:1])


def _drafts(reading: Reading, entities: Mapping[str, Entity]) -> list[Draft]:
    builders = {label: _builder(entity) for label, entity in entities.items() if entity.fact}
    outside = {s.id for s in reading.sections if s.kind not in CASE_KINDS}
    overview = _overview(reading)
    told: list[Draft] = []
    of_type: dict[str, list[Draft]] = {}
    # The case itself first: an abstract or a legend retells it, and says less.
    for retelling in (False, True):
        for mention in reading.mentions:
            entity = entities.get(mention.label)
            if entity is None or not entity.fact or not _sure_enough(mention, entity):
                continue
            if (mention.section in outside or any(start <= mention.start < end for start, end in overview)) is not retelling:
                continue
            said = policy(mention, entity)
            if said is None:
                continue
            for draft in builders[mention.label].build(mention, reading, told):
                draft.attributes = {**said, **draft.attributes} if "status" in said else draft.attributes
                if mention.context.uncertain and entity.policy.get("uncertain") == "suspected":
                    draft.certainty = "suspected"
                own = builders.get(draft.type, builders[mention.label])
                if not _is_told(draft, of_type.setdefault(draft.type, []), own.retells if retelling else own.same, reading):
                    of_type[draft.type].append(draft)
                    told.append(draft)
    for builder in builders.values():
        told = builder.review(told, reading)
    return sorted(told, key=lambda d: (d.mention.start, d.head, d.type, d.name))


def _sure_enough(mention: Mention, entity: Entity) -> bool:
    """Whether a mention may become a fact: one of the rules always, one of the trained recogniser if it is probable enough."""
    if not mention.found_by.startswith(RECOGNISED):
        return True
    least = entity.recognised[mention.found_by.removeprefix(RECOGNISED)].fact
    return least is not None and mention.attributes["probability"] >= least


def _overview(reading: Reading) -> list[tuple[int, int]]:
    """Where a case begins by saying what it is about ("Herein, we report …"), before the patient is introduced by age."""
    found = []
    for match in _ANNOUNCES.finditer(reading.text):
        sentence = reading.sentence_at(match.start())
        following = reading.sentences[min(sentence.index + 1, len(reading.sentences) - 1)]
        if following is not sentence and not _AGE.search(reading.words(sentence)) and _AGE.search(reading.words(following)):
            found.append((sentence.start, sentence.end))
    return found


def policy(mention: Mention, entity: Entity) -> dict[str, str] | None:
    """What the way a text speaks of a mention means for its fact: None where it gives none, else what it says of the fact."""
    context = mention.context
    if context.experiencer != "patient":
        return None
    said: dict[str, str] = {}
    for key, default in (("negated", "drop"), ("uncertain", "suspected"), ("hypothetical", "drop"), ("historical", "keep"),
                         ("planned", "drop"), ("declined", "drop")):  # fmt: skip
        if getattr(context, key):
            action = entity.policy.get(key, default)
            if action == "drop":
                return None
            if action == "status":
                said["status"] = key
    return said


def _is_told(draft: Draft, told: Sequence[Draft], same: Callable[[Draft, Draft, Reading], bool], reading: Reading) -> bool:
    """Whether one of the drafts of its type told so far is the same as a new one, which is then merged into it."""
    earlier = next((d for d in reversed(told) if same(d, draft, reading)), None)
    if earlier is None:
        return False
    merge(earlier, draft)
    return True


def merge(earlier: Draft, later: Draft) -> None:
    """Add what `later` tells to `earlier`: its words, and the attributes that were missing."""
    earlier.heads += [h for h in later.heads if h[:2] not in {x[:2] for x in earlier.heads}]
    earlier.evidence += [e for e in later.evidence if e not in earlier.evidence]
    earlier.attributes = {**later.attributes, **{k: v for k, v in earlier.attributes.items() if v is not None}}


def _same(earlier: Draft, later: Draft, reading: Reading) -> bool:
    return earlier.name == later.name and all(earlier.attributes.get(k, v) == v for k, v in later.attributes.items())


def _retells(earlier: Draft, later: Draft, reading: Reading) -> bool:
    """In an abstract, a legend or a discussion the same name is the same fact: such places tell again, not anew."""
    shared = set(earlier.name.lower().split()) & set(later.name.lower().split())
    return earlier.name == later.name or len(shared) * 2 > max(len(earlier.name.split()), len(later.name.split()))


def _fact(draft: Draft, number: int, person: Person) -> Fact:
    reading = person.reading

    def evidence(start: int, end: int, role: str, mention: Mention | None) -> dict[str, Any]:
        section = mention.section if mention else reading.sentence_at(start).section.id
        return {"start": start, "end": end, "text": reading.text[start:end], "role": role,
                "mention": mention.id if mention else None, "section": section}  # fmt: skip

    heads = [evidence(s, e, "head", m) for s, e, m in draft.heads]
    others = [evidence(s, e, role, None) for s, e, role in dict.fromkeys(draft.evidence) if (s, e) not in {h[:2] for h in draft.heads}]
    record = {
        "id": f"F{number}",
        "patient": person.patient.id,
        "type": draft.type,
        "name": draft.name,
        "certainty": draft.certainty,
        "confidence": confidence(draft),
        "evidence": [*heads, *others],
        **{k: v for k, v in draft.attributes.items() if v is not None},
    }
    return _ONE_FACT.validate_python(record)


@cache
def _module(folder: Path) -> ModuleType | None:
    path = folder / "fact.py"
    if not path.exists():
        return None
    if folder.parent == HERE:
        return importlib.import_module(f"extractor.entities.{folder.name}.fact")
    spec = importlib.util.spec_from_file_location(f"extractor_user_{folder.name}", path)
    assert spec and spec.loader, path
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _builder(entity: Entity) -> Builder:
    module = _module(entity.folder)
    fields = STANDARD_TYPES[entity.fact].model_fields if entity.fact in STANDARD_TYPES else entity.attributes

    def build(mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
        said = {k: v for k, v in mention.attributes.items() if k in fields and k not in _COMMON}
        return [Draft(entity.fact or entity.label, mention.name or mention.text, mention, reading.sentence_at(mention.start), said)]

    return Builder(
        getattr(module, "build", build),
        getattr(module, "same", _same),
        getattr(module, "retells", _retells),
        getattr(module, "review", lambda drafts, reading: drafts),
    )
