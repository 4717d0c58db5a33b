"""Addresses in pages: what Flask would write, from patterns made once.

A page holds a hundred addresses, and to build one from the routes costs as much as to render a row. Only what
is plain goes this way: parts that are numbers, and words or numbers behind the question mark; everything else
is built by Flask.
"""

import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from flask import Flask, request
from werkzeug.routing import Rule

ADDRESSES: Final = "mingjian.addresses"
_PART: Final = re.compile(r"<(?:(\w+):)?(\w+)>")
_KINDS: Final = {"int": int, "uuid": UUID}
_LEFT_AS_IT_IS: Final = "!$'()*,/:;?@"  # what werkzeug leaves as it is behind a question mark
_Pattern = tuple[str, dict[str, type]]


def _pattern(rules: list[Rule]) -> _Pattern | None:
    """The only route of an endpoint as a text to fill in, and the type of each part."""
    if len(rules) != 1 or rules[0].defaults or "{" in rules[0].rule:
        return None
    kinds = [(found[2], _KINDS.get(found[1] or "")) for found in _PART.finditer(rules[0].rule)]
    text = _PART.sub(r"{\2}", rules[0].rule)
    if "<" in text or not text.isascii():
        return None  # a part with options of its own
    known = {name: kind for name, kind in kinds if kind is not None}
    return (text, known) if len(known) == len(kinds) else None


def _at_the_root() -> bool:
    """Whether a request is answered, and no proxy has put the pages below a folder."""
    try:
        return not request.root_path
    except RuntimeError:
        return False


def addresses(app: Flask) -> Callable[..., str]:
    """`url_for` for the templates of `app`."""
    patterns: dict[str, _Pattern | None] = {}

    def url_for(endpoint: str, /, **values: Any) -> str:
        if endpoint not in patterns:
            patterns[endpoint] = _pattern([*app.url_map.iter_rules(endpoint)] if endpoint[0] != "." else [])
        pattern = patterns[endpoint]
        if pattern is None or not _at_the_root():
            return app.url_for(endpoint, **values)
        text, parts = pattern
        if any(type(values.get(name)) is not kind for name, kind in parts.items()):
            return app.url_for(endpoint, **values)
        path = text.format_map(values)
        if len(values) == len(parts):
            return path
        asked = {name: value for name, value in values.items() if name not in parts and value is not None}
        if any(name[0] == "_" or type(value) not in {str, int} for name, value in asked.items()):
            return app.url_for(endpoint, **values)
        return f"{path}?{urlencode(asked, safe=_LEFT_AS_IT_IS)}" if asked else path

    return url_for


def install(app: Flask) -> None:
    app.jinja_env.globals["url_for"] = app.extensions[ADDRESSES] = addresses(app)
