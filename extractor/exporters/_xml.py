"""What two XML formats share: characters that XML cannot hold, replaced one for one so that offsets stay."""

import re

_REFUSED = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> tuple[str, int]:
    """The text as XML 1.0 can hold it, to the same length, and how many characters had to become a space."""
    return _REFUSED.subn(" ", text)
