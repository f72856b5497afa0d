"""Corpora to a trained recogniser: a teacher learns what the corpora label and labels what they leave open; the recogniser learns both.

Each corpus labels its own things, so most texts lack most labels. The teacher (one head for each corpus over shared vectors, missing
labels unknown) is wide and slow. Its labels on the other corpora's texts, and on texts without any, bring a narrow and fast recogniser
to about the teacher's accuracy (self-training: Yarowsky 1995, ACL 33:189; distillation: Hinton et al. 2015, arXiv:1503.02531).
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import spacy.util
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as run_loop

from extractor.annotate import load_pipeline
from extractor.entities.matcher import entity_stage
from extractor.entities.span_tagger import SpanTagger
from extractor.errors import InputError
from extractor.evaluation.judged import JudgedCase, JudgedMention
from extractor.evaluation.mentions import mention_strict, mention_type
from extractor.evaluation.rows import Row
from extractor.training import corpora

CLINICAL = "maccrobat"
"""The span group of the head that the program reads; the other heads help it to better vectors, and are not kept."""

Say = Callable[[str], None]
SPACY = ">=3.7.5,<3.9"
"""The versions that the package allows (pyproject.toml): medspaCy asks for 3.8 on Python 3.12, and the tests hold on both."""


def train(configs: Path, shared: Path, out: Path, say: Say, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Train on the corpora in `shared` by `configs`/teacher.cfg and recogniser.cfg; write the recogniser to `out`, whole or not at all.

    `without` names reports that must not be learnt from, `say` is told what goes on. Returns the scores on the corpora's dev parts, which
    are written into the model's meta.json as well. InputError where `out` exists or a corpus is missing.
    """
    if out.exists():
        raise InputError(f"{out}: there is something of that name already: remove it, or name another folder")
    rules = load_pipeline(model=False)
    with tempfile.TemporaryDirectory() as work:
        gold, silver, dev = (Path(work) / name for name in ("gold", "silver", "dev"))
        for group, cases in corpora.labelled(shared, "train", without):
            say(f"reading {group}")
            corpora.store(corpora.documents(cases, group, rules, entity_stage(rules)), gold / f"{group}.spacy")
        judged = list(dict(corpora.labelled(shared, "dev", without))[CLINICAL])
        corpora.store(corpora.documents(judged, CLINICAL, rules, entity_stage(rules)), dev / f"{CLINICAL}.spacy")
        teacher = fit(configs / "teacher.cfg", gold, dev, Path(work) / "teacher", say)
        say("the teacher labels what is not labelled")
        texts = (rules_read(text, rules) for text in corpora.unlabelled(shared, without))
        corpora.store(_labelled_by(teacher, [*corpora.stored(gold, teacher, but=CLINICAL), *texts]), silver / "silver.spacy")
        (gold / f"{CLINICAL}.spacy").rename(silver / f"{CLINICAL}.spacy")
        recogniser = fit(configs / "recogniser.cfg", silver, dev, Path(work) / "recogniser", say)
        for name in [n for n, pipe in recogniser.pipeline if isinstance(pipe, SpanTagger) and pipe.key != CLINICAL]:
            recogniser.remove_pipe(name)
        found = scores(recogniser, judged, rules)
        recogniser.meta["performance"] = found
        recogniser.meta["spacy_version"] = SPACY
        recogniser.config["paths"] = dict.fromkeys(recogniser.config["paths"])  # They were those of this training.
        # The words of the corpora are no part of it.
        recogniser.to_disk(Path(work) / "made", exclude=["vocab"])
        out.parent.mkdir(parents=True, exist_ok=True)
        (Path(work) / "made").rename(out)
    return found


def fit(config: Path, learnt: Path, dev: Path, work: Path, say: Say) -> Language:
    """Train by a config of spaCy's on the stored documents of a folder; the state that is best on `dev` is returned."""
    say(f"training by {config.name}")
    settings = spacy.util.load_config(config, overrides={"paths.train": str(learnt), "paths.dev": str(dev)}, interpolate=False)
    nlp = init_nlp(settings)
    work.mkdir()
    with Path(os.devnull).open("w", encoding="utf-8") as quiet:
        run_loop(nlp, work, stdout=sys.stderr, stderr=quiet)
    return spacy.util.load_model_from_path(work / "model-best")


def rules_read(text: str, rules: Language) -> Doc:
    """A text as tokens with what the rules found at each as its tag."""
    return entity_stage(rules)(rules.make_doc(text))


def _labelled_by(teacher: Language, docs: Iterable[Doc]) -> Iterator[Doc]:
    """Documents with the teacher's clinical spans beside those of the corpus they are of."""
    own = [pipe.key for _, pipe in teacher.pipeline if isinstance(pipe, SpanTagger)]
    for doc in docs:
        gold = {key: [(s.start, s.end, s.label_) for s in doc.spans[key]] for key in own if key in doc.spans}
        read = teacher(corpora.bare(doc, teacher.vocab))
        for key in own:
            if key in gold:
                read.spans[key] = [spacy.tokens.Span(read, *at[:2], label=at[2]) for at in gold[key]]
            elif key != CLINICAL:
                del read.spans[key]
        yield read


def scores(nlp: Language, judged: Iterable[JudgedCase], rules: Language) -> dict[str, Any]:
    """Precision, recall and F1 of each label: `strict` (the same words) and `overlap` (words in common), over reports with gold spans."""
    rows: dict[tuple[str, str], Row] = {}
    for case in judged:
        doc = nlp(corpora.bare(rules_read(case.text, rules), nlp.vocab))
        spans = tuple(JudgedMention(f"P{n}", s.label_, ((s.start_char, s.end_char),)) for n, s in enumerate(doc.spans[CLINICAL]))
        said = JudgedCase(case.id, case.text, mentions=spans, levels=frozenset({"mention"}))
        gold = JudgedCase(case.id, case.text, mentions=case.mentions, levels=frozenset({"mention"}))
        for row in (*mention_strict(gold, said), *mention_type(gold, said)):
            kept = rows.get((row.metric, row.key))
            rows[row.metric, row.key] = row if kept is None else kept + row
    names = {"mention_strict": "strict", "mention_type": "overlap"}
    found: dict[str, Any] = {name: {} for name in names.values()}
    for (metric, key), row in sorted(rows.items()):
        found[names[metric]][key] = {"p": _share(row.precision), "r": _share(row.recall), "f": _share(row.f1), "gold": row.gold}
    return json.loads(json.dumps(found))


def _share(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
