"""brat stand-off: a .txt and an .ann beside it (Stenetorp et al. 2012), as MACCROBAT is written.

Spans may be discontinuous ("T1 Label 0 4;10 14"); an attribute or a relation may name a span (T) or the event it triggers (E); a line
"* OVERLAP E1 E2 E3" says that events happened at the same time. Notes, normalizations and other relations say nothing that is judged.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from extractor.errors import InputError
from extractor.evaluation.closure import order
from extractor.evaluation.formats.labels import HERE, Labels, own_labels, read_labels
from extractor.evaluation.gold import decoded, refused
from extractor.evaluation.judged import FLAGS, JudgedCase, JudgedMention, JudgedRelation, Level, Span

MACCROBAT = HERE / "maccrobat.tsv"
_SPANS = re.compile(r"(\S+) (\d+ \d+(?:;\d+ \d+)*)")
_TRIGGER = re.compile(r"(\S+?):(\S+)")


def read_brat(path: Path, texts: Path | None = None, labels: Path | None = None) -> JudgedCase:
    """The case of an .ann file. Labels are ours, or MACCROBAT's, or those of the table `labels`; InputError names every wrong line."""
    text_file = (texts or path.parent) / f"{path.stem}.txt"
    if not text_file.is_file():
        raise InputError(f"{path}: its text {text_file} does not exist: put it there, or say where the texts are")
    standoff = _Standoff(decoded(text_file))
    problems = list(standoff.read(decoded(path).split("\n")))
    table = _table(standoff, labels)
    problems += [f"line {line}: {said}" for line, label in standoff.labelled() if (said := table.unknown(label))]
    if problems:
        raise refused(str(path), problems)
    return _case(path, text_file, standoff, table)


def _table(standoff: "_Standoff", labels: Path | None) -> Labels:
    own = own_labels()
    if labels is None and all(label in own.spans for _, label in standoff.labelled()):
        return own
    return read_labels(labels or MACCROBAT)


@dataclass
class _Standoff:
    """The lines of an .ann file as they are read, on its text; `spans` and `triggers` by their id."""

    text: str
    spans: dict[str, tuple[int, str, tuple[Span, ...]]] = field(default_factory=dict)
    triggers: dict[str, str] = field(default_factory=dict)
    flags: list[tuple[int, str, str]] = field(default_factory=list)
    relations: list[tuple[int, str, list[str]]] = field(default_factory=list)

    def labelled(self) -> Iterator[tuple[int, str]]:
        return ((line, label) for line, label, _ in self.spans.values())

    def read(self, lines: Iterable[str]) -> Iterator[str]:
        """Read the lines and say what is wrong with them."""
        for number, line in enumerate(lines, start=1):
            cells = line.rstrip("\r").split("\t")
            name = cells[0]
            if not line.strip() or name[:1] in {"#", "N"}:
                continue
            if len(cells) < 2:
                problem: str | None = f"{line.strip()!r} has no tab behind its id: write it as brat does"
            elif name[:1] == "T":
                problem = self._span(number, name, cells)
            elif name[:1] == "E":
                trigger = _TRIGGER.match(cells[1])
                problem = None if trigger else f"the event {name} names no trigger: write Label:T1"
                if trigger:
                    self.triggers[name] = trigger[2]
            elif name[:1] in {"A", "M"}:
                words = cells[1].split()
                problem = None if len(words) > 1 else f"the attribute {name} names no annotation"
                if not problem:
                    self.flags.append((number, "=".join([words[0], *words[2:3]]), words[1]))
            elif name[:1] in {"R", "*"}:
                words = cells[1].split()
                self.relations.append((number, words[0] if words else "", [word.rpartition(":")[2] for word in words[1:]]))
                problem = None if len(words) > 2 else f"the relation {name} needs two annotations"
            else:
                problem = f"{name!r} is no id of brat's (T, E, A, M, R, N, # or *): correct it"
            if problem:
                yield f"line {number}: {problem}"
        yield from self._loose()

    def _span(self, number: int, name: str, cells: list[str]) -> str | None:
        said = _SPANS.fullmatch(cells[1])
        if said is None:
            return f"{name} is not written as: Label start end"
        spans = tuple((int(a), int(b)) for a, b in (part.split() for part in said[2].split(";")))
        if name in self.spans:
            return f"the id {name} stands here twice: give each its own"
        if any(not 0 <= a < b <= len(self.text) for a, b in spans):
            return f"{name} stands at {said[2]}, outside the text, which ends at {len(self.text)}: correct the offsets"
        there = " ".join(self.text[a:b] for a, b in spans)
        if len(cells) > 2 and "".join(there.split()) != "".join(cells[2].split()):
            return f"{name} is {cells[2]!r}, but at {said[2]} the text reads {there!r}: correct the offsets"
        self.spans[name] = number, said[1], tuple(sorted(spans))
        return None

    def _loose(self) -> Iterator[str]:
        """What names an annotation that is not there. Of a span with a problem of its own only that is said."""
        for number, _, names in [*((n, k, [name]) for n, k, name in self.flags), *self.relations]:
            for name in names:
                if name not in self.spans and name not in self.triggers and name[:1] != "R":
                    yield f"line {number}: names {name}, which is not in the file: correct it"

    def span_of(self, name: str) -> str:
        """The id of the span that an annotation stands on."""
        return self.triggers.get(name, name)


def _case(path: Path, text_file: Path, standoff: _Standoff, table: Labels) -> JudgedCase:
    flags: dict[str, set[str]] = {}
    said = False
    for _, kind, name in standoff.flags:
        flag = table.flags.get(kind)
        if flag is not None:
            flags.setdefault(standoff.span_of(name), set()).add(flag)
            said = True
    mentions = [
        JudgedMention(name, judged_as, spans, frozenset(flags.get(name, ())))
        for name, (_, label, spans) in standoff.spans.items()
        if (judged_as := table.spans[label]) is not None
    ]
    relations = tuple(_relations(standoff, table, {m.id for m in mentions}))
    levels: set[Level] = {"mention"}
    if said or (table.scheme is not None and any(table.flags.values())):
        levels.add("context")
    if relations:
        levels.add("relation")
    return JudgedCase(
        id=path.stem,
        text=standoff.text,
        text_file=text_file,
        mentions=tuple(mentions),
        relations=relations,
        levels=frozenset(levels),
        scheme=table.scheme,
        flags=frozenset(flag for flag in FLAGS if flag in table.flags.values()),
    )


def _relations(standoff: _Standoff, table: Labels, judged: set[str]) -> Iterator[JudgedRelation]:
    """What the relations in time say of the mentions that are judged, also through those that are not (a date, an admission)."""
    numbers = {name: n for n, name in enumerate(standoff.spans)}
    before: list[tuple[int, int]] = []
    together: list[tuple[int, int]] = []
    for _, label, names in standoff.relations:
        kind = table.relations.get(label)
        ends = [numbers[end] for name in names if (end := standoff.span_of(name)) in numbers]
        if kind == "overlap":
            together += pairwise(ends)
        elif kind is not None and len(ends) == 2:
            before.append((ends[0], ends[1]) if kind == "before" else (ends[1], ends[0]))
    known = order(len(numbers), before, together)
    names = list(standoff.spans)
    members = [[names[n] for n in group if names[n] in judged] for group in known.groups]
    for group in members:
        yield from (JudgedRelation("overlap", one, other) for one, other in pairwise(group))
    for one, other in known.pairs():
        if members[one] and members[other]:
            yield JudgedRelation("before", members[one][0], members[other][0])
