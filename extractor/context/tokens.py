"""The tokenizer: scispaCy's rules, made for the literature ("T-DM1", "5-FU" and "i.v." stay whole)."""

import re
import warnings
from collections.abc import Callable
from typing import Any

from scispacy.custom_tokenizer import combined_rule_tokenizer
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc
from spacy.util import get_words_and_spaces, registry

_TOO_LONG = re.compile(r"\S{300}")
_PLAIN = re.compile(r"\w{1,100}|[^\w\s]")
_REMEMBERED = 10_000
"""Words of a vocabulary up to which spaCy remembers how a word is cut."""


class LiteratureTokenizer(Tokenizer):
    """spaCy's tokenizer, but for texts with words of hundreds of characters, on which its work grows with their square: those
    are cut at letters and digits."""

    def __init__(self, *rules: Any, **more: Any) -> None:
        super().__init__(*rules, **more)
        self._known: set[str] = set()

    def __call__(self, string: str) -> Doc:
        if not _TOO_LONG.search(string):
            self._remember(string)
            return super().__call__(string)
        words, spaces = get_words_and_spaces(_PLAIN.findall(string), string)
        return Doc(self.vocab, words=words, spaces=spaces)

    def _remember(self, string: str) -> None:
        """Have the words of a text cut one by one the first time: spaCy remembers none of a text behind its first special case."""
        if len(self.vocab) < _REMEMBERED:
            new = set(string.split()) - self._known
            self._known |= new
            for word in new:
                super().__call__(word)


@registry.tokenizers("extractor.literature.v1")
def make_tokenizer() -> Callable[[Language], Tokenizer]:
    """spaCy's way to the tokenizer."""

    def make(nlp: Language) -> Tokenizer:
        # scispaCy replaces the tokenizer of a finished pipeline and reads one setting of the old one; a config makes it first.
        nlp.tokenizer = Tokenizer(nlp.vocab, token_match=nlp.Defaults.token_match)
        with warnings.catch_warnings():
            # A regular expression of scispaCy's holds "||": harmless, and nothing a user could act on.
            warnings.simplefilter("ignore", FutureWarning)
            made = combined_rule_tokenizer(nlp)
        return LiteratureTokenizer(
            nlp.vocab,
            made.rules,
            prefix_search=made.prefix_search,
            suffix_search=made.suffix_search,
            infix_finditer=made.infix_finditer,
            token_match=made.token_match,
        )

    return make
