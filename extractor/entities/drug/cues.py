"""What the words around a drug say: the cues of cues.tsv, and the families of drugs that a class word may mean."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from extractor.entities.lexicon import expand, macros, read_table
from extractor.entities.literals import required

CUES = Path(__file__).with_name("cues.tsv")


ANTICANCER = frozenset(
    {"chemotherapy", "cytotoxic class", "targeted", "targeted class", "kinase inhibitor", "immunotherapy", "cell therapy",
     "endocrine", "endocrine class", "radionuclide"}
)  # fmt: skip


MICROBES = frozenset({"antibiotic", "antimicrobial", "antifungal", "antiviral", "antituberculous", "antiparasitic"})
"""What is said to resist or answer these is a germ as often as the patient."""


STANDS_FOR = {
    "chemotherapy": frozenset({"chemotherapy", "cytotoxic class", "targeted", "kinase inhibitor", "immunotherapy"}),
    "systemic": ANTICANCER,
    "targeted": frozenset({"targeted", "kinase inhibitor"}),
    "immunotherapy": frozenset({"immunotherapy", "cell therapy"}),
    "antibiotic": frozenset({"antibiotic", "antimicrobial", "antituberculous"}),
}
"""The families of drugs that a class word of a family may mean; every other family means itself only."""

CYCLES = re.compile(
    rf"(?<![\w-])(?P<n>{macros()['number_word']}|\d{{1,2}})[- ]"
    r"(?:\d{1,2}[- ]day )?(?:(?!week|day|month|year)[a-z-]+ ){0,3}?(?:cycles?|courses?)(?![a-z])"
    r"|[x\u00d7] ?(?P<times>\d{1,2})(?: cycles?)?(?![\w/]| ?/)",
    re.IGNORECASE,
)
"""A number of cycles or courses."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A pattern, what it says where it is found, and words (in lower case) of which every match holds one, where such are known."""

    value: str
    regex: re.Pattern[str]
    needs: frozenset[str] | None


@cache
def cues(use: str) -> tuple[Cue, ...]:
    """The cues of one use, in the order of the file."""
    rows = read_table(CUES, ("use", "value", "pattern", "note"))
    wrap = r"(?:{})\Z" if use == "gap" else r"(?<![A-Za-z0-9])(?:{})(?![A-Za-z])"
    found = [(r["value"], wrap.replace("{}", expand(r["pattern"], macros(), CUES))) for r in rows if r["use"] == use]
    regexes = [(value, re.compile(pattern, re.IGNORECASE)) for value, pattern in found]
    return tuple(Cue(value, regex, required(regex)) for value, regex in regexes)


@lru_cache(maxsize=1024)
def cues_in(use: str, text: str) -> tuple[Cue, ...]:
    """The cues of one use that `text` may hold, in the order of the file: most of them need a word that it has not."""
    lowered = text.lower()
    return tuple(c for c in cues(use) if c.needs is None or any(word in lowered for word in c.needs))


def said(use: str, text: str) -> str | None:
    """What the first cue of a use found in `text` says; None where there is none."""
    found = [(m.start(), -m.end(), c.value) for c in cues_in(use, text) if (m := c.regex.search(text))]
    return min(found)[2] if found else None


def unbound(cue: Cue) -> str:
    return cue.regex.pattern.removeprefix("(?<![A-Za-z0-9])")
