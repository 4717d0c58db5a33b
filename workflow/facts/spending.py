"""Words of a text that speak of spending which is none of medical treatment (domain 5.3 RF-14)."""

import re
from typing import Final

from workflow.facts.schema import words

_SENTENCE: Final = re.compile(r"[。；;！!？?\n]")


def spending_in(text: str) -> tuple[str, ...]:
    """The words, in the order of the list; a sentence that says there is none of it does not count."""
    known = words()
    named = [word for word in known["spending"] if word in text]
    if not named:  # nearly every text
        return ()
    said = [
        sentence
        for sentence in _SENTENCE.split(text)
        if not any(word in sentence for word in known["without"])
    ]
    return tuple(word for word in named if any(word in sentence for sentence in said))
