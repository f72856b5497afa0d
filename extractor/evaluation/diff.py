"""What changed between two timelines of a report, fact by fact, for a curator who runs again after an update.

Compared is what the documents claim of the patients: each fact's name, attributes, certainty, patient, head words, time and place
in the order; and each patient's sex, age and day 0. Ids are free to differ; confidence, reasons, relations, mentions and warnings
are not compared.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from extractor.errors import ExtractorError, InputError
from extractor.evaluation.gold import contents
from extractor.evaluation.judged import JudgedFact
from extractor.evaluation.mistakes import sentence
from extractor.evaluation.names import folded, same_name
from extractor.schema import Bounds, Case, Fact, Patient, load

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


def diff(old: Path, new: Path, *, days: float = 0) -> Comparison:
    """What changed between two documents, or between the documents of the same file name in two folders.

    Moves by up to `days` days are left out; a bound that appears or disappears is always a move.
    """
    for side in (old, new):
        if not side.exists():
            raise InputError(f"{side} does not exist: check its name")
    if old.is_dir() != new.is_dir():
        raise InputError(f"{old} and {new} are a folder and a file: name two documents or two folders")
    if not old.is_dir():
        found = compare(_read(old), _read(new), days=days)
        return Comparison(1, (found,) if found else ())
    ours, theirs = ({path.stem: path for path in sorted(side.glob("*.json"))} for side in (old, new))
    for side, files in ((old, ours), (new, theirs)):
        if not files:
            raise InputError(f"{side}: holds no .json file: name the folder of the timeline documents")
    differences, problems, compared = [], [], 0
    for name in sorted(ours.keys() & theirs.keys()):
        try:
            found = compare(_read(ours[name]), _read(theirs[name]), days=days)
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
    return load(contents(path), str(path))


# Two documents ----------------------------------------------------------------------------------------------------------------


def compare(old: Case, new: Case, *, days: float = 0) -> Difference:
    """What the new document tells differently from the old one."""
    text = _texts_part(old, new)
    ours, theirs = _claims(old), _claims(new)
    paired = _pairs(ours, theirs, same_text=text is None)
    known = {id(claim) for pair in paired for claim in pair}
    overtaken = _order_changes(paired)
    changed = []
    for a, b in paired:
        changes = (*_changes(a.values, b.values, days), *_words(a, b, same_text=text is None), *overtaken.get(id(a), ()))
        if changes:
            changed.append(Changed(_told(old, a), _told(new, b), changes))
    return Difference(
        old.source.id,
        text,
        tuple(_patient_changes(old.patients, new.patients)),
        added=tuple(_told(new, claim) for claim in theirs if id(claim) not in known),
        gone=tuple(_told(old, claim) for claim in ours if id(claim) not in known),
        changed=tuple(changed),
    )


def _texts_part(old: Case, new: Case) -> str | None:
    """Where two texts part; documents written without their text are told apart by its digest."""
    if old.text is None or new.text is None:
        return None if old.source.sha256 == new.source.sha256 else "the texts are not the same"
    if old.text == new.text:
        return None
    place = next((n for n, (a, b) in enumerate(zip(old.text, new.text, strict=False)) if a != b), min(len(old.text), len(new.text)))
    here, there = old.text[place : place + 20], new.text[place : place + 20]
    return f"the texts are not the same from character {place} on ({here!r} is now {there!r})"


@dataclass(frozen=True, eq=False)
class _Claim:
    """A fact as it is compared: `values` by key, `heads` as spans and `words` as words."""

    fact: Fact
    values: Mapping[str, Any]
    heads: frozenset[Span]
    words: frozenset[str]


def _claims(case: Case) -> list[_Claim]:
    """The facts of a document in the order of the text; the order in which the document lists them does not matter."""
    numbers = {patient.id: number for number, patient in enumerate(case.patients, start=1)}
    claims = []
    for fact in case.facts:
        heads = [e for e in fact.evidence if e.role == "head"]
        spans, words = frozenset((e.start, e.end) for e in heads), frozenset(folded(e.text) for e in heads)
        claims.append(_Claim(fact, _values(fact, numbers[fact.patient]), spans, words))
    return sorted(claims, key=_place)


def _place(claim: _Claim) -> tuple[Any, ...]:
    """Where a fact is first shown, and then everything that is compared."""
    first = [(e.start, e.end) for e in claim.fact.evidence if e.role == "head"][:1]
    return first, sorted(claim.heads), claim.fact.type, claim.fact.name, repr(claim.values), claim.fact.step or 0


def _values(fact: Fact, patient: int) -> dict[str, Any]:
    """What is compared value by value: what is told of the type's own keys, name, certainty, patient (counted from 1) and times."""
    told = {key: value for key, value in fact.model_dump(mode="json").items() if key not in UNTOLD and value is not None}
    told["patient"] = patient
    for key, bounds in (("start", fact.start), ("end", fact.end)):
        told.pop(key, None)
        if bounds is not None and bounds != Bounds():
            told[key] = {"earliest": _tenth(bounds.earliest), "latest": _tenth(bounds.latest), "date": bounds.date}
    return told


def _tenth(days: float | None) -> float | None:
    """Days to a tenth: the solver's last digits are nobody's claim."""
    return None if days is None else round(days, 1)


def _pairs(old: Sequence[_Claim], new: Sequence[_Claim], *, same_text: bool) -> list[tuple[_Claim, _Claim]]:
    """The facts that are the same fact in both documents: of each type, the one-to-one assignment that is likest in all."""
    found: list[tuple[_Claim, _Claim]] = []
    for kind in sorted({c.fact.type for c in old} & {c.fact.type for c in new}):
        ours, theirs = ([c for c in side if c.fact.type == kind] for side in (old, new))
        likeness = np.array([[_likeness(a, b, same_text=same_text) for b in theirs] for a in ours])
        rows, columns = linear_sum_assignment(likeness, maximize=True)
        found += [(ours[i], theirs[j]) for i, j in zip(rows, columns, strict=True) if likeness[i, j] > 0]
    return sorted(found, key=lambda pair: _place(pair[0]))


def _likeness(a: _Claim, b: _Claim, *, same_text: bool) -> float:
    """How surely two facts are one; 0 where they are not.

    The words decide: in one text, heads that share characters; in two texts, equal heads. Without them, equal names are enough
    where nothing that both tell is contradictory. Names, attributes and times only choose among several.
    """
    by_both = (a.values.keys() & b.values.keys()) - {"name"}
    alike = sum(_equal(key, a.values[key], b.values[key]) for key in by_both)
    name, other = a.fact.name, b.fact.name
    better = 20.0 * (name == other) + 10.0 * same_name(name, other) + 5.0 * alike / (1 + len(a.values.keys() | b.values.keys()))
    ours, theirs = (a.heads, b.heads) if same_text else (a.words, b.words)
    if ours & theirs:
        return 100.0 + 20.0 * len(ours & theirs) / len(ours | theirs) + better
    if same_text and any(min(x[1], y[1]) > max(x[0], y[0]) for x in a.heads for y in b.heads):
        return 100.0 + better
    return better if folded(name) == folded(other) and alike == len(by_both) else 0.0


def _told(case: Case, claim: _Claim) -> Told:
    fact = claim.fact
    heads = tuple((e.start, e.end) for e in fact.evidence if e.role == "head")
    if case.text is None:
        words = " … ".join(f"[[{' '.join(e.text.split())}]]" for e in fact.evidence if e.role == "head")
    else:
        words = sentence(case.text, JudgedFact(fact.id, fact.type, fact.name, heads))
    return Told(fact.id, fact.type, fact.name, {key: value for key, value in claim.values.items() if key != "name"}, words)


def _changes(old: Mapping[str, Any], new: Mapping[str, Any], days: float = 0) -> Iterator[Change]:
    """The keys that are told differently, in the order of the document."""
    for key in dict.fromkeys([*old, *new]):
        if not _equal(key, old.get(key), new.get(key), days):
            yield Change(key, old.get(key), new.get(key))


def _equal(key: str, old: Any, new: Any, days: float = 0) -> bool:
    """Whether two values are equal; dimensions may come in any order, times may lie `days` days apart."""
    if key == "size_mm" and old and new:
        return sorted(old) == sorted(new)
    if days and key in {"start", "end"} and old and new and old["date"] == new["date"]:
        return all(_near(old[bound], new[bound], days) for bound in ("earliest", "latest"))
    return bool(old == new)


def _near(old: float | None, new: float | None, days: float) -> bool:
    return old == new if old is None or new is None else abs(old - new) <= days


def _words(a: _Claim, b: _Claim, *, same_text: bool) -> Iterator[Change]:
    """The heads of a fact, where they are others: by their place in one text, by their words in two."""
    if same_text and a.heads != b.heads:
        quoted = [[f"{e.text} ({e.start})" for e in claim.fact.evidence if e.role == "head"] for claim in (a, b)]
        yield Change("words", *quoted)
    elif not same_text and a.words != b.words:
        yield Change("words", sorted(a.words), sorted(b.words))


# The order in time ------------------------------------------------------------------------------------------------------------


def _order_changes(paired: Sequence[tuple[_Claim, _Claim]]) -> dict[int, tuple[Change, ...]]:
    """By the old claim, the facts that stand elsewhere among those told in both documents, with the neighbours they have left.

    Steps are ranks, so that one new fact renumbers all later ones: only facts before, beside or after which another fact now
    stands are looked at, and of these the fewest that explain all of it (greedily: the one with the most changed neighbours first).
    """
    timelines: dict[tuple[str, str], list[tuple[_Claim, _Claim]]] = {}
    for a, b in paired:
        timelines.setdefault((a.fact.patient, b.fact.patient), []).append((a, b))
    found: dict[int, tuple[Change, ...]] = {}
    for together in timelines.values():
        before, after = (_signs([pair[side].fact.step for pair in together]) for side in (0, 1))
        differs = before != after
        while differs.any():
            moved = int(differs.sum(axis=0).argmax())
            passed = np.flatnonzero(differs[moved])
            was = _sides((before[moved, n], together[n][0].fact.name) for n in passed)
            now = _sides((after[moved, n], together[n][1].fact.name) for n in passed)
            found[id(together[moved][0])] = (Change("order", was, now),)
            differs[moved, :] = differs[:, moved] = False
    return found


def _sides(passed: Iterable[tuple[float, str]]) -> dict[str, list[str]]:
    """The names of the facts that one stands before, beside and after."""
    names: dict[str, list[str]] = {}
    for sign, name in passed:
        names.setdefault("before" if sign < 0 else "after" if sign > 0 else "beside", []).append(name)
    return names


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
        return f"order: was {_shown_sides(change.old)}, is {_shown_sides(change.new)}"
    return f"{change.key}: was {_shown(change.old)}, is {_shown(change.new)}"


def _shown_sides(sides: Mapping[str, list[str]]) -> str:
    few = {side: ", ".join(names[:NAMED]) for side, names in sides.items()}
    more = {side: f" and {len(names) - NAMED} more" if len(names) > NAMED else "" for side, names in sides.items()}
    return "; ".join(f"{side} {few[side]}{more[side]}" for side in sorted(sides))


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
