"""Numbers and lengths as case reports write them."""

import re

_UNITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
          "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]  # fmt: skip
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_WORDS = {w: i for i, w in enumerate(_UNITS)} | _TENS | {
    "a": 1, "an": 1, "single": 1, "solitary": 1, "once": 1, "first": 1, "both": 2, "couple": 2, "twice": 2, "second": 2,
    "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "dozen": 12, "half": 0.5,
}  # fmt: skip
_FRACTIONS = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3}


def number(text: str) -> float | None:
    """The value of a number written in digits ("1,5", "2½", "1,000") or words ("twenty-one", "a couple of"); None if it is none.

    >>> number("twenty-one"), number("2½"), number("3.5"), number("several")
    (21.0, 2.5, 3.5, None)
    """
    words = text.strip().lower().replace("·", ".")
    if words and words[-1] in _FRACTIONS:
        whole = number(words[:-1]) if words[:-1].strip() else 0.0
        return None if whole is None else whole + _FRACTIONS[words[-1]]
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", words):
        return float(words.replace(",", ""))
    if re.fullmatch(r"\d+([.,]\d+)?", words):
        return float(words.replace(",", "."))
    if match := re.fullmatch(r"(\d+)(st|nd|rd|th)", words):
        return float(match[1])
    parts = [p for p in re.split(r"[\s-]+", words) if p not in ("of", "and", "")]
    if not parts or any(p not in _WORDS for p in parts):
        return None
    if len(parts) == 2 and parts[0] in _TENS:
        return float(_TENS[parts[0]] + _WORDS[parts[1]])
    if len(parts) == 2 and parts[0] in ("a", "an"):
        return float(_WORDS[parts[1]])
    return float(_WORDS[parts[0]]) if len(parts) == 1 else None


def millimetres(value: float, unit: str) -> float:
    """A length in millimetres; `unit` is any spelling of millimetre or centimetre."""
    return round(value * (10 if unit.lower().startswith("c") else 1), 2)
