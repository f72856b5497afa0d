"""The knowledge files of the entity folders, read once and checked: entity.yaml and terms.tsv.

An entity type is a folder with an `entity.yaml`; it is found by looking. What a file gets wrong is refused with its name and line.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from extractor.errors import DataError
from extractor.schema import CASE_KINDS, SECTION_KINDS

HERE = Path(__file__).parent
RECOGNISED = "model/"
"""What `found_by` begins with where the trained recogniser found a mention; its label follows."""
TERM_COLUMNS = ("concept", "code", "term", "note")
POLICIES = {
    "negated": {"drop", "keep"},
    "uncertain": {"drop", "keep", "suspected"},
    "hypothetical": {"drop", "keep"},
    "planned": {"drop", "keep", "status"},
    "declined": {"drop", "keep", "status"},
    "historical": {"drop", "keep"},
}


@dataclass(frozen=True)
class Term:
    """One surface form: what it names and what it says of it. `line` is where it stands in its file."""

    term: str
    concept: str
    code: str | None
    attributes: Mapping[str, str]
    line: int


@dataclass(frozen=True)
class Pattern:
    """A named regular expression over the text. Its group `head` is the mention (else the whole match); its other named
    groups become attributes. `concept` and `attributes` are said of every match."""

    name: str
    regex: re.Pattern[str]
    concept: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    example: tuple[str, ...] = ()
    no_example: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recognised:
    """From which probability on a span of the trained recogniser becomes a mention, and from which on a fact (None: never one)."""

    mention: float
    fact: float | None = None


@dataclass(frozen=True)
class Entity:
    """An entity type: what it is about, which sections may give facts, what context does to it, its terms and patterns.

    `fact` is the type of the facts its mentions become, or None for words that only ever say something about others
    (a site, a time). Where two types claim overlapping words the longer wins, then the higher `priority`.
    """

    label: str
    about: str
    fact: str | None
    priority: int
    sections: frozenset[str]
    policy: Mapping[str, str]
    attributes: Mapping[str, Any]
    patterns: tuple[Pattern, ...]
    terms: tuple[Term, ...]
    folder: Path
    recognised: Mapping[str, Recognised] = field(default_factory=dict)


@cache
def macros() -> Mapping[str, str]:
    """The named pieces that patterns share, `{number}` and the like, from macros.yaml; a piece may use those above it."""
    path = HERE / "macros.yaml"
    found: dict[str, str] = {}
    for name, value in _yaml(path).items():
        found[name] = expand(str(value), found, path)
    return found


def expand(pattern: str, pieces: Mapping[str, str], path: Path) -> str:
    """`pattern` with each `{name}` replaced by its piece; counts such as `{1,3}` are left alone."""

    def piece(match: re.Match[str]) -> str:
        if match[1] not in pieces:
            raise DataError(f"{path}: the pattern uses {{{match[1]}}}, which macros.yaml does not define")
        return f"(?:{pieces[match[1]]})"

    return re.sub(r"\{([a-z_]+)\}", piece, pattern)


def entity_folders(extra: Sequence[Path] = ()) -> list[Path]:
    """Every folder that holds an entity.yaml, the package's own first, then the curator's, each group sorted by name."""
    own = sorted(p.parent for p in HERE.glob("*/entity.yaml"))
    more = [f for e in extra for f in ([e] if (e / "entity.yaml").exists() else sorted(p.parent for p in e.glob("*/entity.yaml")))]
    return own + more


def load_entity(folder: Path) -> Entity:
    """The entity type of a folder; DataError names file and line of what is wrong."""
    path = folder / "entity.yaml"
    data = _yaml(path)
    unknown = set(data) - {"label", "about", "fact", "priority", "sections", "policy", "attributes", "patterns", "recognised"}
    if unknown:
        raise DataError(f"{path}: no key named {sorted(unknown)[0]!r} here: there are about, attributes, fact, label, patterns, …")
    for key in ("label", "about"):
        if key not in data:
            raise DataError(f"{path}: it has no {key!r}: every entity type says it")
    sections = frozenset(data.get("sections", CASE_KINDS))
    if not sections <= set(SECTION_KINDS):
        raise DataError(f"{path}: no section kind {sorted(sections - set(SECTION_KINDS))[0]!r}: there are {', '.join(SECTION_KINDS)}")
    policy = data.get("policy", {})
    for key, value in policy.items():
        if value not in POLICIES.get(key, ()):
            raise DataError(f"{path}: policy {key}: {value} is not known: {key if key in POLICIES else 'a policy'} may be "
                            f"{', '.join(sorted(POLICIES.get(key, POLICIES)))}")  # fmt: skip
    attributes = data.get("attributes", {})
    return Entity(
        label=data["label"],
        about=data["about"],
        fact=data.get("fact"),
        priority=int(data.get("priority", 0)),
        sections=sections,
        policy=policy,
        attributes=attributes,
        patterns=tuple(_pattern(p, path) for p in data.get("patterns", ())),
        terms=tuple(t for f in sorted(folder.glob("terms*.tsv")) for t in load_terms(f, frozenset(attributes))),
        folder=folder,
        recognised=_recognised(data.get("recognised", {}), path),
    )


def _recognised(data: Any, path: Path) -> Mapping[str, Recognised]:
    """The labels of the trained recogniser that are this type, each with the least probability of a mention and of a fact."""
    found: dict[str, Recognised] = {}
    for label, said in data.items() if isinstance(data, dict) else [("", None)]:
        least = said if isinstance(said, dict) else {}
        if not least or set(least) - {"mention", "fact"} or not all(isinstance(v, float | int) and 0 <= v <= 1 for v in least.values()):
            raise DataError(f"{path}: recognised: {label}: each label needs probabilities from 0 to 1, as in {{mention: 0.5, fact: 0.8}}")
        found[str(label)] = Recognised(**{"mention": least.get("fact", 1), **least})
    return found


def _pattern(data: dict[str, Any], path: Path) -> Pattern:
    name = data.get("name", "?")
    unknown = set(data) - {"name", "pattern", "concept", "attributes", "example", "not", "case"}
    if unknown or "name" not in data or "pattern" not in data:
        raise DataError(f"{path}: pattern {name!r}: {'unknown key ' + repr(sorted(unknown)[0]) if unknown else 'needs name and pattern'}")
    try:
        regex = re.compile(expand(data["pattern"], macros(), path), 0 if data.get("case") else re.IGNORECASE)
    except re.error as error:
        raise DataError(f"{path}: pattern {name!r} is no regular expression: {error}") from None
    return Pattern(name, regex, data.get("concept"), data.get("attributes", {}), _several(data.get("example")), _several(data.get("not")))


def _several(value: Any) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


def load_terms(path: Path, attributes: frozenset[str] = frozenset()) -> list[Term]:
    """The terms of a tab-separated file: columns concept, code, term, note, then one for each attribute a term may say.

    Lines starting with `#` are comments. DataError where a column is unknown, a line has too many fields or lacks its term,
    or a term stands twice.
    """
    rows = list(_rows(path))
    if not rows:
        raise DataError(f"{path}: it is empty: its first line names the columns {', '.join(TERM_COLUMNS)}")
    (_, header), *body = rows
    if tuple(header[:4]) != TERM_COLUMNS or not set(header[4:]) <= attributes:
        raise DataError(f"{path}:1: the columns are {', '.join(header)}: they must be {', '.join(TERM_COLUMNS)}, then attributes "
                        f"that entity.yaml declares")  # fmt: skip
    terms: list[Term] = []
    seen: dict[tuple[str, str], int] = {}
    for line, row in body:
        if len(row) > len(header):
            raise DataError(f"{path}:{line}: {len(row)} fields, the header has {len(header)}: remove a tab")
        cells = dict(zip(header, [c.strip() for c in row] + [""] * (len(header) - len(row)), strict=True))
        if not cells["term"] or not cells["concept"]:
            raise DataError(f"{path}:{line}: needs a concept and a term")
        key = (cells["term"], cells["concept"])
        if key in seen:
            raise DataError(f"{path}:{line}: {cells['term']!r} stands already in line {seen[key]}: remove one")
        seen[key] = line
        said = {k: cells[k] for k in header[4:] if cells[k]}
        terms.append(Term(cells["term"], cells["concept"], cells["code"] or None, said, line))
    return terms


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
            if row and not row[0].startswith("#"):
                yield number, row


def read_table(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """The rows of a tab-separated knowledge file with exactly these columns; DataError names file and line."""
    rows = list(_rows(path))
    if not rows or tuple(rows[0][1]) != columns:
        raise DataError(f"{path}:1: the columns must be {', '.join(columns)}")
    for line, row in rows[1:]:
        if len(row) > len(columns):
            raise DataError(f"{path}:{line}: {len(row)} fields, the header has {len(columns)}: remove a tab")
    return [dict(zip(columns, [c.strip() for c in row] + [""] * (len(columns) - len(row)), strict=True)) for _, row in rows[1:]]


def _yaml(path: Path) -> dict[str, Any]:
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        raise DataError(f"{path}:{place.line + 1 if place else 1}: no valid YAML: {getattr(error, 'problem', error)}") from None
    if not isinstance(data, dict):
        raise DataError(f"{path}:1: it must be a mapping of keys to values")
    return data
