"""How well negation is told, against MACCROBAT's POLARITY NEG, an annotation that no rule of ours was made for.

    python benchmarks/negation.py CORPUS        # a folder of .txt with .ann, such as $EXTRACTOR_SHARED/corpora/maccrobat2020/train

Judged are the mentions that both sides have: diseases, symptoms, drugs and procedures. MACCROBAT marks no sites and no negative markers,
and says NEG as well of what ended ("the fever resolved", "aspirin was stopped") and of what was refused, which are not negations here:
refused counts as right, what ended is counted apart. The texts of annotations/gold/third are left out.
"""

import argparse
import re
import sys
from collections import Counter
from pathlib import Path

from extractor.annotate import load_pipeline
from extractor.evaluation.formats.brat import read_brat
from extractor.evaluation.judged import JudgedMention, judged
from extractor.evaluation.mentions import match_mentions
from extractor.pipeline import extract

THIRD = Path(__file__).parents[1] / "annotations" / "gold" / "third"
_ENDED = re.compile(
    r"resol[uv]|disappear|discontin|stopp|ceas|cessation|withdr|wean|remov|terminat|suspend|relie[vf]|clear(?:ed|ance)|recover|ameliorat|"
    r"subsid|taper|held|switch|chang|absorbed|correct|cured|transition|improv|convert|replac",
    re.IGNORECASE,
)


def main() -> int:
    arguments = argparse.ArgumentParser(description="Judge negation on MACCROBAT's polarity.")
    arguments.add_argument("corpus", type=Path)
    arguments.add_argument("--errors", action="store_true", help="list the mentions that are not told alike, in their sentences")
    asked = arguments.parse_args()
    nlp = load_pipeline()
    count: Counter[str] = Counter()
    blind = {path.stem for path in THIRD.glob("*.yaml")}
    for path in sorted(asked.corpus.glob("*.ann")):
        if path.stem in blind:
            continue
        case = extract(path.with_suffix(".txt"), nlp)
        gold, ours = read_brat(path), judged(case)
        unjudged = {(m.start, m.end) for m in case.mentions if m.label in ("site", "biomarker")}
        for theirs, own in match_mentions(gold, ours):
            if (own.spans[0][0], own.spans[-1][1]) in unjudged:
                continue
            kind = _kind(theirs, own, gold.text)
            count[kind] += 1
            if asked.errors and kind in ("missed", "invented"):
                sys.stdout.write(f"{kind} {path.stem} {own.label}: {_sentence(gold.text, own)}\n")
    right, missed, invented, ended = (count[k] for k in ("right", "missed", "invented", "ended"))
    precision, recall = right / max(1, right + invented), right / max(1, right + missed)
    sys.stdout.write(
        f"negated in gold {right + missed}, in ours {right + invented}, in both {right}: precision {precision:.1%}, recall {recall:.1%}, "
        f"F1 {2 * right / max(1, 2 * right + invented + missed):.1%}; ended, not judged: {ended}\n"
    )
    return 0


def _kind(theirs: JudgedMention, own: JudgedMention, text: str) -> str:
    negated = "negated" in own.flags
    if "negated" not in theirs.flags:
        return "invented" if negated else "neither"
    if negated or "declined" in own.flags:
        return "right"
    return "ended" if _ENDED.search(_sentence(text, own)) else "missed"


def _sentence(text: str, mention: JudgedMention) -> str:
    start, end = mention.spans[0][0], mention.spans[-1][1]
    first = max(text.rfind(". ", 0, start), text.rfind("\n", 0, start)) + 1
    last = min((at for at in (text.find(". ", end), text.find("\n", end)) if at >= 0), default=len(text))
    return " ".join(f"{text[first:start]}[[{text[start:end]}]]{text[end:last]}".split())


if __name__ == "__main__":
    sys.exit(main())
