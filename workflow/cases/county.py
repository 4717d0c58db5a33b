"""What letters and public pages say about the county: bpmn/county.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from bpmn import Fault, Rulebook, RulebookError, Text

FILE = "county.toml"
TEXTS = ("name", "short", "authority", "government", "court", "mailbox")
WORDS = ("code", "handler_phone", "complaint_phone", "email")
MAY = ("review_site",)
"""What a county need not have: an address at which reconsideration is asked for on line."""


@dataclass(frozen=True, slots=True)
class County:
    code: str
    name: Text
    short: Text
    authority: Text
    government: Text
    court: Text
    mailbox: Text
    handler_phone: str
    complaint_phone: str
    email: str
    review_site: str = ""


def county_of(rulebook: Rulebook) -> County:
    """The county of a rule book; read once per rule book."""
    return read_county(rulebook.files.get(FILE, b""))


@lru_cache(maxsize=16)
def read_county(content: bytes) -> County:
    """Check and read the file.

    Raises:
        RulebookError: what is missing or unknown, all at once.
    """
    try:
        given: Mapping[str, object] = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RulebookError(
            [Fault(FILE, "-", Text(f"不是有效的 TOML：{error}", f"not valid TOML: {error}"))]
        ) from None
    faults = [
        Fault(FILE, key, Text("缺少这一项", "this entry is missing"))
        for key in (*TEXTS, *WORDS)
        if key not in given
    ]
    faults += [
        Fault(FILE, key, Text("没有这一项", "there is no such entry"))
        for key in given
        if key not in (*TEXTS, *WORDS, *MAY)
    ]
    texts: dict[str, Text] = {}
    for key in TEXTS:
        value = given.get(key)
        if isinstance(value, dict) and isinstance(value.get("zh"), str) and isinstance(value.get("en"), str):
            texts[key] = Text(value["zh"], value["en"])
        elif key in given:
            faults.append(Fault(FILE, key, Text("应有中文和英文", "needs both languages")))
    faults += [
        Fault(FILE, key, Text("应为文字", "should be text"))
        for key in (*WORDS, *MAY)
        if key in given and not isinstance(given[key], str)
    ]
    if faults:
        raise RulebookError(faults)
    words = {key: str(given[key]) for key in (*WORDS, *MAY) if key in given}
    return County(**texts, **words)  # type: ignore[arg-type]
