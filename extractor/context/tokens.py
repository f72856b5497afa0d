"""The tokenizer: scispaCy's, made for the literature ("T-DM1", "5-FU" and "i.v." stay whole)."""

import warnings
from collections.abc import Callable

from scispacy.custom_tokenizer import combined_rule_tokenizer
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.util import registry


@registry.tokenizers("extractor.literature.v1")
def make_tokenizer() -> Callable[[Language], Tokenizer]:
    """spaCy's way to the tokenizer."""

    def make(nlp: Language) -> Tokenizer:
        # scispaCy replaces the tokenizer of a finished pipeline and reads one setting of the old one; a config makes it first.
        nlp.tokenizer = Tokenizer(nlp.vocab, token_match=nlp.Defaults.token_match)
        with warnings.catch_warnings():
            # A regular expression of scispaCy's holds "||": harmless, and nothing a user could act on.
            warnings.simplefilter("ignore", FutureWarning)
            return combined_rule_tokenizer(nlp)

    return make
