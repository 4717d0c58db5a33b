"""The word that a plan commits to: long enough not to be guessed, and nothing the log may not hold."""

import re
from typing import Final

from bpmn import Text
from workflow.errors import FieldFault

SHORTEST: Final = 10
LONGEST: Final = 120
_DIGITS: Final = re.compile(r"\d{11}")


def word_faults(word: str, field: str = "word") -> list[FieldFault]:
    """What is wrong with it. It is read aloud in the log once the sample is drawn."""
    if not SHORTEST <= len(word) <= LONGEST or not word.isprintable():
        words = Text(f"口令写{SHORTEST}至{LONGEST}个字", f"{SHORTEST} to {LONGEST} characters")
        return [FieldFault(field, words)]
    if _DIGITS.search(word):
        words = Text("口令会公开，不能写电话、证件号", "It becomes public: no telephone or identity number")
        return [FieldFault(field, words)]
    return []
