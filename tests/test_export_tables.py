"""The tables carry all of a document: read back as pandas reads them, they make the same document again."""

import io
import json
from collections.abc import Callable
from typing import Any

import documents
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor import to_frames
from extractor.batch.tables import OWN, tables_of
from extractor.exporters import export
from extractor.schema import Case, load

Frames = dict[str, pd.DataFrame]
BOUNDS = ("earliest", "latest", "date")
JSON = {"authors", "components", "size_mm", "boxes", "attributes", "facts"}


def from_csv(files: Any) -> Frames:
    read = {name: pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, na_values=[""]) for name, content in files.items()}
    return {name.removesuffix(".csv"): frame for name, frame in read.items()}


def rows(frames: Frames, table: str) -> list[dict[str, Any]]:
    """The rows of a table without what is missing, lists read from their JSON."""
    found = []
    for row in frames[table].astype(object).to_dict("records"):
        kept = {key: value for key, value in row.items() if not pd.isna(value)}
        found.append({key: json.loads(value) if key in JSON else value for key, value in kept.items() if key != "document"})
    return found


def rebuilt(frames: Frames) -> Case:
    """The one document of some tables."""
    evidence: dict[str, list[Any]] = {}
    for row in rows(frames, "evidence"):
        row.pop("rank")
        evidence.setdefault(row.pop("owner"), []).append(row)
    reasons: dict[str, list[Any]] = {}
    for row in rows(frames, "derivation"):
        row.pop("rank")
        reasons.setdefault(row.pop("fact"), []).append(row)
    head = rows(frames, "cases")[0]
    generator = {"name": head.pop("generator"), "version": head.pop("generator_version")}
    generator |= {key: head.pop(key) for key in ("pipeline", "pipeline_digest")}
    text, version = head.pop("text", None), head.pop("schema_version")
    patients = []
    for row in rows(frames, "patients"):
        index = {key: row.pop(f"index_{key}") for key in ("label", "fact", "date") if f"index_{key}" in row}
        name = row.pop("patient")
        day0 = index | {"evidence": evidence.get(f"{name} index", [])} if index else None
        patients.append({"id": name, "evidence": evidence.get(name, []), "index": day0, **row})
    facts = []
    for row in rows(frames, "facts"):
        name = row.pop("fact")
        for point in ("start", "end"):
            bounds = {key: row.pop(f"{point}_{key}") for key in BOUNDS if f"{point}_{key}" in row}
            row[point] = bounds or None
        concept = {key: row.pop(f"concept_{key}") for key in ("system", "code", "label") if f"concept_{key}" in row}
        facts.append(
            {"id": name, "evidence": evidence.get(name, []), "derivation": reasons.get(name, []), "concept": concept or None, **row}
        )
    mentions = []
    for row in rows(frames, "mentions"):
        context = {key: row.pop(key) for key in documents.Context.model_fields}
        mentions.append({"id": row.pop("mention"), "context": context, "attributes": row.pop("attributes", {}), **row})
    relations = [{"evidence": evidence.get(row.pop("relation"), []), **row} for row in rows(frames, "relations")]
    sections = [{"id": row.pop("section"), **row} for row in rows(frames, "sections")]
    source = {"id": str(frames["cases"]["document"][0]), **head}
    return Case.model_validate({
        "schema_version": version, "generator": generator, "source": source, "text": text, "sections": sections, "patients": patients,
        "mentions": mentions, "facts": facts, "relations": relations, "warnings": rows(frames, "warnings"),
    })  # fmt: skip


def csv_of(case: Case) -> Frames:
    return from_csv(export([case], "table").files)


@pytest.mark.parametrize("through", [to_frames, csv_of], ids=["frames", "csv"])
def test_the_tables_make_the_same_document_again(through: Callable[[Case], Frames]):
    case = documents.case()
    assert rebuilt(through(case)) == case


@pytest.mark.parametrize("through", [to_frames, csv_of], ids=["frames", "csv"])
def test_a_whole_article_survives_the_tables(through: Callable[[Case], Frames], article: Case):
    assert rebuilt(through(article)) == article


def test_parquet_keeps_the_types(article: Case):
    pytest.importorskip("pyarrow", exc_type=ImportError)
    files = export([article], "parquet").files
    frames = {name.removesuffix(".parquet"): pd.read_parquet(io.BytesIO(content)) for name, content in files.items()}
    assert str(frames["facts"]["start_earliest"].dtype) == "float64"
    assert str(frames["evidence"]["page"].dtype) == "Int64"
    assert rebuilt(frames) == article


def test_frames_of_several_cases_keep_their_columns_and_types():
    empty, full = to_frames([]), to_frames([documents.case(identity="a"), documents.case(identity="b")])
    assert set(empty) == set(full)
    for name, frame in empty.items():
        own = {"maker"} if name == "facts" else set()
        assert set(full[name].columns) - set(frame.columns) == own
        assert all(frame[c].dtype == full[name][c].dtype for c in frame.columns)
    assert full["facts"].groupby("document").size().to_dict() == {"a": len(documents.KINDS), "b": len(documents.KINDS)}


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_text_survives_csv(text: str):
    case = documents.case(f"a{text}b", ())
    assert rebuilt(csv_of(case)).text == case.text


def test_an_attribute_of_a_users_type_never_hides_a_column():
    kind = {"type": "device", "name": "port", "words": "lump", "start": (1, 2), "document": "hidden", "fact": "F9"}
    frame = to_frames(documents.case(kinds=[kind]))["facts"]
    assert frame["document"].tolist() == ["report"]
    assert frame["fact"].tolist() == ["F1"]
    assert frame["own_document"].tolist() == ["hidden"]


def test_a_json_document_and_its_tables_agree(article: Case):
    assert load(article.model_dump_json()) == rebuilt(to_frames(article))


def test_a_batch_writes_the_same_tables_and_own_attributes_as_json():
    case = documents.case()
    written = {name: [json.loads(line) for line in lines.splitlines()] for name, lines in tables_of(case, {"year": "2020"}).items()}
    assert [row.pop("meta_year") for row in written["cases"]] == ["2020"]
    own = [row.pop(OWN) for row in written["facts"]]
    assert [json.loads(said) for said in own if said] == [{"maker": "unknown maker"}]
    for name, frame in to_frames(case).items():
        kept = frame.drop(columns="maker", errors="ignore").astype(object)
        assert written[name] == kept.where(kept.notna(), None).to_dict("records"), name
