"""What the labels of others are in our terms: a table beside the reader of a format, or one of the user's own."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from extractor.entities.lexicon import entity_folders
from extractor.errors import DataError
from extractor.evaluation.gold import decoded
from extractor.evaluation.judged import FLAGS

HERE = Path(__file__).parent
COLUMNS = ("kind", "label", "judged_as", "ours", "why")
KINDS = ("span", "flag", "relation")
RELATIONS = ("before", "after", "overlap")
NOT_JUDGED = "-"


@dataclass(frozen=True)
class Labels:
    """A table of labels. `spans` gives what a label is judged as (None: not at all), `scheme` what our own labels are judged as,
    `flags` which of FLAGS an attribute means, `relations` which relation in time."""

    name: str
    spans: Mapping[str, str | None]
    scheme: Mapping[str, str] | None = None
    flags: Mapping[str, str | None] = field(default_factory=dict)
    relations: Mapping[str, str | None] = field(default_factory=dict)

    def unknown(self, label: str) -> str | None:
        """What is wrong with a label that the table does not have."""
        if label in self.spans:
            return None
        return f"the label {label!r} is not in {self.name}: add it there, with {NOT_JUDGED!r} under judged_as where it is not to be judged"


def own_labels() -> Labels:
    """Labels that are ours already, flags and relations by our names."""
    return Labels(
        name="the entity types",
        spans={folder.name: folder.name for folder in entity_folders()},
        flags={flag: flag for flag in FLAGS},
        relations={**{relation: relation for relation in RELATIONS}, "overlaps": "overlap", "simultaneous": "overlap"},
    )


def read_labels(path: Path) -> Labels:
    """A table of labels from a TSV file with the columns of COLUMNS; DataError names what is wrong and its line."""
    tables: dict[str, dict[str, str | None]] = {kind: {} for kind in KINDS}
    scheme: dict[str, str] = {}
    lines = [(n, line) for n, line in enumerate(decoded(path).splitlines(), start=1) if line.strip() and not line.startswith("#")]
    if not lines or tuple(lines[0][1].split("\t")) != COLUMNS:
        raise DataError(f"{path}: its first line must name the columns {', '.join(COLUMNS)}, with tabs between")
    for number, line in lines[1:]:
        cells = next(csv.reader([line], delimiter="\t", quoting=csv.QUOTE_NONE))
        row = dict(zip(COLUMNS, (*cells, *[""] * len(COLUMNS)), strict=False))
        where = f"{path}: line {number}"
        if row["kind"] not in KINDS:
            raise DataError(f"{where}: the kind {row['kind']!r} is none of {', '.join(KINDS)}")
        if row["label"] in tables[row["kind"]]:
            raise DataError(f"{where}: {row['label']} stands here twice: keep one")
        judged_as = None if row["judged_as"] in ("", NOT_JUDGED) else row["judged_as"]
        allowed = {"flag": FLAGS, "relation": RELATIONS}.get(row["kind"])
        if judged_as is not None and allowed and judged_as not in allowed:
            raise DataError(f"{where}: {judged_as!r} is none of {', '.join(allowed)}")
        tables[row["kind"]][row["label"]] = judged_as
        for own in row["ours"].split(","):
            if judged_as is not None and own.strip() and scheme.setdefault(own.strip(), judged_as) != judged_as:
                raise DataError(f"{where}: our label {own.strip()} is judged as {scheme[own.strip()]} already: keep one of them")
    return Labels(path.name, tables["span"], scheme, tables["flag"], tables["relation"])
