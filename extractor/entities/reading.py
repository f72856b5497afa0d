"""What is known of a report once it has been read: text, sections, sentences and mentions, and the questions asked of them."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

from extractor.schema import Mention, Section

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence `[start, end)` of a section, with its place among the sentences of the report."""

    index: int
    start: int
    end: int
    section: Section


class Reading:
    """One report, read: immutable, in the order of the text. A fact builder and the timeline see the report through this."""

    def __init__(self, text: str, sections: Sequence[Section], sentences: Sequence[Sentence], mentions: Sequence[Mention]) -> None:
        self.text = text
        self.sections = tuple(sections)
        self.sentences = tuple(sentences)
        self.mentions = tuple(sorted(mentions, key=lambda m: (m.start, -m.end)))
        self._sentence_starts = [s.start for s in self.sentences]
        self._mention_starts = [m.start for m in self.mentions]
        self._answers: dict[Hashable, Any] = {}
        self._labelled: dict[tuple[str, ...], tuple[list[int], Sequence[Mention]]] = {(): (self._mention_starts, self.mentions)}

    def once(self, question: Hashable, work: Callable[[], T]) -> T:
        """The answer to a question that is asked again and again of one report: worked out the first time."""
        if question not in self._answers:
            self._answers[question] = work()
        answer: T = self._answers[question]
        return answer

    def only(self, stretches: Sequence[tuple[int, int]]) -> "Reading":
        """The report as far as it stands in these stretches `[start, end)`: their sentences, numbered anew, and their mentions.

        The text stays whole, so that offsets do.
        """
        sentences: list[Sentence] = []
        mentions: list[Mention] = []
        for start, end in stretches:
            first = self.sentence_at(start).index
            for sentence in self.sentences[first:]:
                if sentence.start >= end:
                    break
                if sentence.end > start:
                    sentences.append(Sentence(len(sentences), max(start, sentence.start), min(end, sentence.end), sentence.section))
            mentions += self.within(start, end)
        return Reading(self.text, self.sections, sentences, mentions)

    def sentence_at(self, offset: int) -> Sentence:
        """The sentence that holds `offset` (the last one begun before it)."""
        return self.sentences[max(0, bisect_right(self._sentence_starts, offset) - 1)]

    def words(self, sentence: Sentence) -> str:
        """The text of a sentence."""
        return self.text[sentence.start : sentence.end]

    def within(self, start: int, end: int, *labels: str) -> list[Mention]:
        """The mentions that lie wholly within `[start, end)`, of these labels (of any, when none is named)."""
        if labels not in self._labelled:  # builders ask for the same few labels again and again: each choice is sifted once
            chosen = [m for m in self.mentions if m.label in labels]
            self._labelled[labels] = ([m.start for m in chosen], chosen)
        starts, mentions = self._labelled[labels]
        return [m for m in mentions[bisect_left(starts, start) : bisect_left(starts, end)] if m.end <= end]

    def in_sentence(self, sentence: Sentence, *labels: str) -> list[Mention]:
        """The mentions of a sentence, of these labels."""
        return self.within(sentence.start, sentence.end, *labels)

    def previous(self, offset: int, *labels: str, sentences: int = 3) -> list[Mention]:
        """The mentions of these labels before `offset`, nearest first, at most so many sentences back."""
        first = self.sentences[max(0, self.sentence_at(offset).index - sentences)]
        return [m for m in reversed(self.within(first.start, offset, *labels)) if m.end <= offset]


def remembered(question: Callable[[Mention, Reading], T]) -> Callable[[Mention, Reading], T]:
    """For what builders ask again and again of a mention: each answer is worked out once a reading."""

    @wraps(question)
    def ask(mention: Mention, reading: Reading) -> T:
        return reading.once((question, mention.id), lambda: question(mention, reading))

    return ask


@dataclass
class Draft:
    """A fact in the making, from one mention: a builder returns it, later drafts that tell the same thing are merged into it.

    `head` is the words that name the fact; `evidence` holds (start, end, role) of other words it rests on; `attributes` are those of
    its fact type, in the gold's names and values. `mentions` and `heads` grow when drafts are merged.
    """

    type: str
    name: str
    mention: Mention
    sentence: Sentence
    attributes: dict[str, Any] = field(default_factory=dict)
    evidence: list[tuple[int, int, str]] = field(default_factory=list)
    certainty: str = "confirmed"
    head: tuple[int, int] = (-1, -1)
    heads: list[tuple[int, int, Mention]] = field(default_factory=list)
    observed_before: "Draft | None" = None
    """Of a lesion the earlier observation of the same one."""

    def __post_init__(self) -> None:
        if self.head == (-1, -1):
            self.head = (self.mention.start, self.mention.end)
        if not self.heads:
            self.heads = [(*self.head, self.mention)]
