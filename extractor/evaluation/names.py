"""When two names say the same thing, whatever their spelling."""

import re
from functools import lru_cache

# One of these in only one of two names makes them different things, however many other words they share.
CONTRASTS = frozenset({
    "non", "not", "upper", "lower", "middle", "left", "right", "proximal", "distal", "anterior", "posterior", "small", "large",
    "ductal", "lobular", "acute", "chronic",
})  # fmt: skip
_JOINTS = re.compile(r"[\s\-_\u00ad\u2010-\u2015\u2212\ufe58\ufe63\uff0d]+")
_DECIMAL = re.compile(r"(?<![\d.])\d+\.\d+(?![\d.])")


@lru_cache(maxsize=65536)
def folded(text: str) -> str:
    """The text without what does not count: case, the kind of joint between words, a final "%" or ".", digits past the first decimal."""
    plain = _JOINTS.sub(" ", text.casefold()).strip()
    if plain.endswith(("%", ".")):
        plain = plain[:-1].rstrip()
    return _DECIMAL.sub(lambda number: f"{round(float(number[0]), 1):.15g}", plain)


@lru_cache(maxsize=65536)
def same_name(one: str, other: str) -> bool:
    """Whether two names are equal once folded, one is made of words of the other, or they share more than half of their words.

    A word that only one of them has and that holds a digit or is a word of contrast keeps them apart: CK7 is not CK20, and
    an upper lobe is not a lower one.
    """
    if folded(one) == folded(other):
        return True
    ours, theirs = set(folded(one).split()), set(folded(other).split())
    if not ours or not theirs or any(word in CONTRASTS or any(map(str.isdigit, word)) for word in ours ^ theirs):
        return False
    shared = len(ours & theirs)
    return shared == min(len(ours), len(theirs)) or 2 * shared > len(ours | theirs)
