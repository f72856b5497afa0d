"""brat stand-off (.txt and .ann), which brat and INCEpTION open.

Stenetorp et al. 2012. Every mention is a text-bound annotation, how the text speaks of it an attribute, every fact a note at the words
that name it, and a relation between facts one between those words. `annotation.conf` names the labels, as brat asks for.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from extractor.exporters import Export, Loss, attributes, bounds_in_words, one_line, text_of
from extractor.schema import Case, Context, Fact

FLAGS = tuple(name for name in Context.model_fields)
"""How the text can speak of a mention; `experiencer` where it speaks of someone else, with `whose` beside it."""
_WHOSE = ("family", "other_patient", "literature")
_BREAKS = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
"""What brat, or a reader of its lines, takes for the end of a line; a span is cut there."""


def export_together(cases: Sequence[Case], epoch: date | None = None) -> Export:
    """Two files a case, and one configuration for all of them."""
    files: dict[str, bytes] = {}
    losses: list[Loss] = []
    labels: set[str] = set()
    relations: set[str] = set()
    for case in cases:
        standoff = _standoff(case)
        files[f"{case.source.id}.txt"] = text_of(case, "brat").encode()
        files[f"{case.source.id}.ann"] = "".join(f"{line}\n" for line in standoff.lines).encode()
        losses += standoff.losses
        labels |= {label for _, label in standoff.spans}
        relations |= standoff.relations
    files["annotation.conf"] = _configuration(sorted(labels), sorted(relations)).encode()
    return Export(files, tuple(losses))


def export(case: Case, epoch: date | None = None) -> Export:
    """The files of one case."""
    return export_together([case], epoch)


@dataclass
class _Standoff:
    """The lines of an .ann file as they are made; `spans` are the ids of what stands at some words under a label."""

    text: str
    document: str
    lines: list[str] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    spans: dict[tuple[str, str], str] = field(default_factory=dict)
    relations: set[str] = field(default_factory=set)

    def span(self, label: str, start: int, end: int) -> str | None:
        """The id of a span with a label, made where there is none yet; None where it has no words."""
        pieces = list(_pieces(self.text, start, end))
        if not pieces:
            return None
        label = _name(label)
        where = ";".join(f"{a} {b}" for a, b in pieces)
        if (where, label) not in self.spans:
            identity = self.spans[where, label] = f"T{len(self.spans) + 1}"
            words = " ".join(self.text[a:b].replace("\t", " ") for a, b in pieces)
            self.lines.append(f"{identity}\t{label} {where}\t{words}")
        return self.spans[where, label]


def _standoff(case: Case) -> _Standoff:
    made = _Standoff(text_of(case, "brat"), case.source.id)
    number = 0
    for mention in case.mentions:
        there = made.span(mention.label, mention.start, mention.end)
        if there is None:
            made.losses.append(Loss(made.document, None, f"the mention {mention.id}", "brat marks words, and it has none"))
            continue
        for said in _attributes(mention.context):
            number += 1
            made.lines.append(f"A{number}\t{said.format(there)}")
    heads: dict[str, str] = {}
    for fact in case.facts:
        head = fact.evidence[0] if fact.evidence else None
        there = None if head is None else made.span(fact.type, head.start, head.end)
        if there is None:
            made.losses.append(Loss(made.document, fact.id, fact.name, "brat marks words, and it has none"))
            continue
        heads[fact.id] = there
        made.lines.append(f"#{len(heads)}\tAnnotatorNotes {there}\t{note(fact)}")
    number = 0
    for relation in case.relations:
        source, target = heads.get(relation.source), heads.get(relation.target)
        if source is None or target is None or source == target:
            what = f"{relation.source} {relation.type} {relation.target}"
            made.losses.append(Loss(made.document, relation.source, what, "brat joins words, and both facts stand at the same or at none"))
            continue
        number += 1
        made.relations.add(_name(relation.type))
        made.lines.append(f"R{number}\t{_name(relation.type)} Arg1:{source} Arg2:{target}")
    made.losses += _losses(case)
    return made


def _losses(case: Case) -> Iterator[Loss]:
    name = case.source.id
    if any(len(f.evidence) > 1 for f in case.facts):
        yield Loss(name, None, "evidence beside the words that name a fact", "a brat note stands at one annotation")
    if any(f.derivation for f in case.facts):
        yield Loss(name, None, "the reasons for the bounds (derivation)", "brat has no place for them")
    if case.sections:
        yield Loss(name, None, "sections", "brat has no parts of a text")
    if case.patients:
        yield Loss(name, None, "the patients and their day 0", "brat annotates words only")
    if any(r.derived or r.evidence for r in case.relations):
        yield Loss(name, None, "which relations are derived, and the words they rest on", "a brat relation has a type and two ends")
    if case.warnings:
        yield Loss(name, None, f"{len(case.warnings)} warnings", "brat has no place for them")


def note(fact: Fact) -> str:
    """All of a fact in a line: its id and name, its attributes, its bounds in days and its step."""
    own = [f"{name}={value}" for name, value in attributes(fact).items()]
    end = [] if fact.end is None else [f"until day {bounds_in_words(fact.end)}"]
    sure = f"{fact.certainty}, confidence {fact.confidence:.2f}"
    said = [f"{fact.id} {fact.name}", *own, f"day {bounds_in_words(fact.start)}", *end, f"step {fact.step}", sure, fact.patient]
    return one_line("; ".join(said))


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A span in pieces that stand on one line each, without the white space at their ends."""
    at = start
    for stop in [*(m.start() for m in _BREAKS.finditer(text, start, end)), end]:
        words = text[at:stop]
        if words.strip():
            a = at + len(words) - len(words.lstrip())
            yield a, a + len(words.strip())
        at = stop + 1


def _attributes(context: Context) -> Iterator[str]:
    for name in FLAGS:
        value = getattr(context, name)
        if name == "experiencer" and value != "patient":
            yield f"{name} {{}}"
            yield f"whose {{}} {value}"
        elif value is True:
            yield f"{name} {{}}"


def _name(label: str) -> str:
    """A label as brat allows it: letters, digits, hyphens and underscores."""
    return re.sub(r"[^\w-]", "_", label) or "_"


def _configuration(labels: Iterable[str], relations: Iterable[str]) -> str:
    arguments = "Arg1:<ENTITY>, Arg2:<ENTITY>"
    parts = {
        "entities": list(labels),
        "relations": [f"{relation}\t{arguments}" for relation in relations],
        "events": [],
        "attributes": [*(f"{flag}\tArg:<ENTITY>" for flag in FLAGS), f"whose\tArg:<ENTITY>, Value:{'|'.join(_WHOSE)}"],
    }
    return "\n".join(f"[{name}]\n" + "".join(f"{line}\n" for line in lines) for name, lines in parts.items())
