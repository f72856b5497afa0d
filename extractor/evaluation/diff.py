"""What changed between two timelines of a report, fact by fact, for a curator who runs again after an update.

Compared is what the documents claim of the patients: each fact's name, attributes, certainty, patient, head words, time and place
in the order; and each patient's sex, age and day 0. Ids are free to differ; confidence, reasons, relations, mentions and warnings
are not compared.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from scipy.optimize import linear_sum_assignment

from extractor.errors import ExtractorError, InputError
from extractor.evaluation.judged import JudgedFact
from extractor.evaluation.mistakes import sentence
from extractor.evaluation.names import folded, same_name
from extractor.schema import BaseFact, Bounds, Case, Patient, load

NAMED = 3
"""So many of the facts that another one has overtaken are named; the others are counted."""
UNTOLD = frozenset({"id", "type", "confidence", "derivation", "evidence", "step"})
"""Fields of a fact that are not compared, or not by their value: words and steps have their own comparison."""
Span = tuple[int, int]


@dataclass(frozen=True)
class Told:
    """A fact as one of the documents tells it: `values` are its attributes, time, certainty and words, `sentence` has its head in [[ ]]."""

    id: str
    type: str
    name: str
    values: Mapping[str, Any]
    sentence: str


@dataclass(frozen=True)
class Change:
    """One thing that the two documents tell differently."""

    key: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Changed:
    """A fact that both documents tell, and what they tell differently of it."""

    old: Told
    new: Told
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Difference:
    """What changed in one document; `text` says where the two texts part, `patients` what is told differently of patient 1, 2, …"""

    id: str
    text: str | None = None
    patients: tuple[tuple[int, Change], ...] = ()
    added: tuple[Told, ...] = ()
    gone: tuple[Told, ...] = ()
    changed: tuple[Changed, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.text or self.patients or self.added or self.gone or self.changed)


@dataclass(frozen=True)
class Comparison:
    """Documents compared one by one: the differences found, the ids on one side alone, and what could not be read."""

    compared: int
    differences: tuple[Difference, ...]
    old_only: tuple[str, ...] = ()
    new_only: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.differences or self.old_only or self.new_only)


# Documents and folders --------------------------------------------------------------------------------------------------------


def diff(old: Path, new: Path) -> Comparison:
    """What changed between two documents, or between the documents of the same file name in two folders."""
    if old.is_dir() != new.is_dir():
        raise InputError(f"{old} and {new} are a folder and a file: name two documents or two folders")
    if not old.is_dir():
        found = compare(_read(old), _read(new))
        return Comparison(1, (found,) if found else ())
    ours, theirs = ({path.stem: path for path in sorted(side.glob("*.json"))} for side in (old, new))
    for side, files in ((old, ours), (new, theirs)):
        if not files:
            raise InputError(f"{side}: holds no .json file: name the folder of the timeline documents")
    differences, problems, compared = [], [], 0
    for name in sorted(ours.keys() & theirs.keys()):
        try:
            found = compare(_read(ours[name]), _read(theirs[name]))
        except ExtractorError as error:
            problems.append(str(error))
            continue
        compared += 1
        if found:
            differences.append(found)
    return Comparison(
        compared,
        tuple(differences),
        old_only=tuple(sorted(ours.keys() - theirs.keys())),
        new_only=tuple(sorted(theirs.keys() - ours.keys())),
        problems=tuple(problems),
    )


def _read(path: Path) -> Case:
    try:
        return load(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}): check its name and permissions") from None


# Two documents ----------------------------------------------------------------------------------------------------------------


def compare(old: Case, new: Case) -> Difference:
    """What the new document tells differently from the old one."""
    text = _texts_part(old, new)
    paired = pairs(old, new)
    known_old, known_new = {id(a) for a, _ in paired}, {id(b) for _, b in paired}
    overtaken = _order_changes(old, new, paired)
    changed = []
    for a, b in paired:
        changes = (*_changes(_values(old, a), _values(new, b)), *_words(a, b, same_text=text is None), *overtaken.get(a.id, ()))
        if changes:
            changed.append(Changed(_told(old, a), _told(new, b), changes))
    return Difference(
        old.source.id,
        text,
        tuple(_patient_changes(old.patients, new.patients)),
        added=tuple(_told(new, f) for f in _in_text(new.facts) if id(f) not in known_new),
        gone=tuple(_told(old, f) for f in _in_text(old.facts) if id(f) not in known_old),
        changed=tuple(changed),
    )


def _in_text(facts: Sequence[BaseFact]) -> list[BaseFact]:
    return sorted(facts, key=lambda f: (_heads(f), f.name))


def _texts_part(old: Case, new: Case) -> str | None:
    """Where two texts part; documents written without their text are told apart by its digest."""
    if old.text is None or new.text is None:
        return None if old.source.sha256 == new.source.sha256 else "the texts are not the same"
    if old.text == new.text:
        return None
    place = next((n for n, (a, b) in enumerate(zip(old.text, new.text, strict=False)) if a != b), min(len(old.text), len(new.text)))
    here, there = old.text[place : place + 20], new.text[place : place + 20]
    return f"the texts are not the same from character {place} on ({here!r} is now {there!r})"


def pairs(old: Case, new: Case) -> list[tuple[BaseFact, BaseFact]]:
    """The facts that are the same fact in both documents: of each type, the one-to-one assignment that is likest in all."""
    same_text = _texts_part(old, new) is None
    found: list[tuple[BaseFact, BaseFact]] = []
    for kind in sorted({f.type for f in old.facts} & {f.type for f in new.facts}):
        ours, theirs = (_in_text([f for f in case.facts if f.type == kind]) for case in (old, new))
        likeness = np.array([[_likeness(old, a, new, b, same_text=same_text) for b in theirs] for a in ours])
        rows, columns = linear_sum_assignment(likeness, maximize=True)
        found += [(ours[i], theirs[j]) for i, j in zip(rows, columns, strict=True) if likeness[i, j] > 0]
    return sorted(found, key=lambda pair: (_heads(pair[0]), pair[0].name))


def _likeness(old: Case, a: BaseFact, new: Case, b: BaseFact, *, same_text: bool) -> float:
    """How surely two facts are one; 0 where they are not.

    The words decide: in one text, heads that share characters, in two texts, equal heads. Without them, equal names are enough where
    nothing that both tell is contradictory. Names, attributes and times only choose among several.
    """
    ours, theirs = _values(old, a), _values(new, b)
    told_by_both = (ours.keys() & theirs.keys()) - {"name"}
    alike = sum(_equal(key, ours[key], theirs[key]) for key in told_by_both)
    better = 20.0 * (a.name == b.name) + 10.0 * same_name(a.name, b.name) + alike / (1 + len(ours.keys() | theirs.keys()))
    words_a, words_b = (_heads(a), _heads(b)) if same_text else (_head_words(a), _head_words(b))
    shared = len(set(words_a) & set(words_b)) / max(1, len(set(words_a) | set(words_b)))
    if shared or (same_text and any(min(x[1], y[1]) > max(x[0], y[0]) for x in _heads(a) for y in _heads(b))):
        return 100.0 + 20.0 * shared + better
    return better if folded(a.name) == folded(b.name) and alike == len(told_by_both) else 0.0


def _heads(fact: BaseFact) -> list[Span]:
    return sorted({(e.start, e.end) for e in fact.evidence if e.role == "head"})


def _head_words(fact: BaseFact) -> list[str]:
    return sorted({folded(e.text) for e in fact.evidence if e.role == "head"})


def _told(case: Case, fact: BaseFact) -> Told:
    values = {key: value for key, value in _values(case, fact).items() if key != "name"}
    return Told(fact.id, fact.type, fact.name, values, _sentence(case, fact))


def _sentence(case: Case, fact: BaseFact) -> str:
    heads = [e for e in fact.evidence if e.role == "head"]
    if case.text is None:
        return " … ".join(f"[[{' '.join(e.text.split())}]]" for e in heads[:1])
    return sentence(case.text, JudgedFact(fact.id, fact.type, fact.name, tuple((e.start, e.end) for e in heads)))


def _values(case: Case, fact: BaseFact) -> dict[str, Any]:
    """What is compared value by value: the name, what is told of the type's own keys, certainty, patient (counted from 1) and times."""
    told = {key: value for key, value in fact.model_dump(mode="json").items() if key not in UNTOLD and value is not None}
    told["patient"] = 1 + [p.id for p in case.patients].index(fact.patient)
    for key, bounds in (("start", fact.start), ("end", fact.end)):
        told.pop(key, None)
        if bounds is not None and (days := _days(bounds)) != _days(Bounds()):
            told[key] = days
    return told


def _days(bounds: Bounds) -> dict[str, Any]:
    """Bounds to a tenth of a day: the solver's last digits are nobody's claim."""
    return {
        "earliest": None if bounds.earliest is None else round(bounds.earliest, 1),
        "latest": None if bounds.latest is None else round(bounds.latest, 1),
        "date": bounds.date,
    }


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """The keys that are told differently, in the order of the document."""
    for key in dict.fromkeys([*old, *new]):
        if not _equal(key, old.get(key), new.get(key)):
            yield Change(key, old.get(key), new.get(key))


def _equal(key: str, old: Any, new: Any) -> bool:
    return sorted(map(str, old)) == sorted(map(str, new)) if key == "size_mm" and old and new else bool(old == new)


def _words(a: BaseFact, b: BaseFact, *, same_text: bool) -> Iterator[Change]:
    """The heads of a fact, where they are others: by their place in one text, by their words in two."""
    if same_text and _heads(a) != _heads(b):
        quoted = [[f"{e.text} ({e.start})" for e in fact.evidence if e.role == "head"] for fact in (a, b)]
        yield Change("words", *quoted)
    elif not same_text and _head_words(a) != _head_words(b):
        yield Change("words", _head_words(a), _head_words(b))


# The order in time ------------------------------------------------------------------------------------------------------------


def _order_changes(old: Case, new: Case, paired: Sequence[tuple[BaseFact, BaseFact]]) -> dict[str, tuple[Change, ...]]:
    """By the old id, the facts that stand elsewhere among those told in both documents, with the neighbours they have left.

    Steps are ranks, so that one new fact renumbers all later ones: only facts before, beside or after which another fact now
    stands are looked at, and of these the fewest that explain all of it (greedily: the one with the most changed neighbours first).
    """
    pairs_of: dict[tuple[str, str], list[tuple[BaseFact, BaseFact]]] = {}
    for a, b in paired:
        pairs_of.setdefault((a.patient, b.patient), []).append((a, b))
    found: dict[str, tuple[Change, ...]] = {}
    for together in pairs_of.values():
        before, after = (_signs([pair[side].step for pair in together]) for side in (0, 1))
        differs = before != after
        while differs.any():
            moved = int(differs.sum(axis=0).argmax())
            passed = sorted(np.flatnonzero(differs[moved]), key=lambda n: abs((together[n][1].step or 0) - (together[moved][1].step or 0)))
            sides = [[(_side(signs[moved, n]), together[n][side].name) for n in passed] for side, signs in ((0, before), (1, after))]
            found[together[moved][0].id] = (Change("order", *([f"{side} {name}" for side, name in names] for names in sides)),)
            differs[moved, :] = differs[:, moved] = False
    return found


def _side(sign: float) -> Literal["before", "after", "beside"]:
    return "before" if sign < 0 else "after" if sign > 0 else "beside"


def _signs(steps: Sequence[int | None]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """For each two facts -1, 0 or 1 as the first stands before, beside (or one of them nowhere) or after the second."""
    column = np.array([np.nan if step is None else step for step in steps], dtype=float)
    signs: np.ndarray[Any, np.dtype[np.float64]] = np.nan_to_num(np.sign(column[:, None] - column[None, :]))
    return signs


# Patients ---------------------------------------------------------------------------------------------------------------------


def _patient_changes(old: Sequence[Patient], new: Sequence[Patient]) -> Iterator[tuple[int, Change]]:
    for number in range(1, max(len(old), len(new)) + 1):
        if number > len(old) or number > len(new):
            yield number, Change("patient", "told" if number <= len(old) else None, "told" if number <= len(new) else None)
        else:
            for change in _changes(_patient(old[number - 1]), _patient(new[number - 1])):
                yield number, change


def _patient(patient: Patient) -> dict[str, Any]:
    index = patient.index
    return {"sex": patient.sex, "age": patient.age, "day 0": index and index.label, "date of day 0": index and index.date}


# What is shown ----------------------------------------------------------------------------------------------------------------


def as_dict(comparison: Comparison) -> dict[str, Any]:
    """Everything as plain values."""
    return asdict(comparison)


def listing(comparison: Comparison) -> str:
    """The differences as text to read: a line a fact with + (added), - (gone) or ~ (changed), what changed, and its sentence."""
    lines = [line for difference in comparison.differences for line in _document(difference)]
    lines += [f"{name}: only in the {side}" for side, ids in (("old", comparison.old_only), ("new", comparison.new_only)) for name in ids]
    if not comparison:
        return "no difference" if comparison.compared == 1 else f"{_counted(comparison.compared, 'document')}: no difference"
    if comparison.compared != 1 or comparison.old_only or comparison.new_only:
        lines.append(f"{_counted(comparison.compared, 'document')} compared: {len(comparison.differences)} with differences")
    return "\n".join(lines)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _document(difference: Difference) -> Iterator[str]:
    in_time = sum(any(c.key in {"start", "end", "order"} for c in changed.changes) for changed in difference.changed)
    counts = {"added": len(difference.added), "gone": len(difference.gone), "moved in time": in_time}
    counts["otherwise changed"] = len(difference.changed) - in_time
    yield f"{difference.id}: {', '.join(f'{n} {what}' for what, n in counts.items() if n) or 'the same facts'}"
    if difference.text is not None:
        yield f"  ! {difference.text}: facts are paired by their words"
    for number, change in difference.patients:
        yield f"  ! patient {number}: {_said(change)}"
    for mark, facts in (("+", difference.added), ("-", difference.gone)):
        for fact in facts:
            yield f"  {mark} {fact.type} {fact.name}{_described(fact)}"
            yield f"      {fact.sentence}"
    for changed in difference.changed:
        yield f"  ~ {changed.new.type} {changed.new.name}"
        yield from (f"      {_said(change)}" for change in changed.changes)
        yield f"      {changed.new.sentence}"


def _described(fact: Told) -> str:
    """What a fact tells beside its name; what nearly every fact tells is left out."""
    usual = {"certainty": "confirmed", "patient": 1}
    said = [f"{key} {_shown(value)}" for key, value in fact.values.items() if usual.get(key) != value]
    return f" ({', '.join(said)})" if said else ""


def _said(change: Change) -> str:
    if change.key == "order":
        return f"order: was {_shown_few(change.old)}, is {_shown_few(change.new)}"
    return f"{change.key}: was {_shown(change.old)}, is {_shown(change.new)}"


def _shown_few(values: Sequence[str]) -> str:
    more = f" and {len(values) - NAMED} more" if len(values) > NAMED else ""
    return ", ".join(values[:NAMED]) + more


def _shown(value: Any) -> str:
    if value is None:
        return "not told"
    if isinstance(value, dict) and "earliest" in value:
        earliest, latest = ("?" if value[bound] is None else f"{value[bound]:g}" for bound in ("earliest", "latest"))
        return f"[{earliest}, {latest}]" + (f" ({value['date']})" if value["date"] else "")
    if isinstance(value, dict):
        return " ".join(str(v) for v in value.values() if v is not None)
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
