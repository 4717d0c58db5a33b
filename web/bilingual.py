"""Templates are compiled once per language: `t('中文', 'English')` of two literals is one literal then.

A page of thirty rows asks for some six hundred texts; most never change. What is put together at run time
still goes through `web.language.t`.
"""

from collections.abc import Iterator
from typing import Any, ClassVar, Final

from flask import has_request_context
from flask.templating import Environment
from jinja2 import Template
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from web.language import language

_CALL: Final = ("name", "lparen", "string", "comma", "string", "rparen")
_NOT_BEFORE: Final = frozenset({"dot", "pipe"})


class _Literals(Extension):
    """`place`: which of the two literals stays."""

    place: ClassVar[int]

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        held: list[Token] = []
        before = ""
        for token in stream:
            held.append(token)
            while held and not _begins(held, before):
                before = held[0].type
                yield held.pop(0)
            if len(held) == len(_CALL):
                yield Token(held[0].lineno, "string", held[self.place].value)
                held, before = [], "string"
        yield from held


class _Chinese(_Literals):
    place = 2


class _English(_Literals):
    place = 4


def _begins(held: list[Token], before: str) -> bool:
    """Whether these tokens are the beginning of `t('…', '…')`."""
    if held[0].value != "t" or before in _NOT_BEFORE:
        return False
    return all(token.type == kind for token, kind in zip(held, _CALL, strict=False))


class Bilingual(Environment):
    """The environment of the pages: hands out each template in the reader's language."""

    _of: dict[str, "Bilingual"]

    def get_or_select_template(self, *args: Any, **named: Any) -> Template:
        if self.overlayed or not has_request_context():
            return super().get_or_select_template(*args, **named)
        if "_of" not in self.__dict__:  # only now are all options, filters and globals there
            self._of = {
                "zh": self.overlay(extensions=[_Chinese]),
                "en": self.overlay(extensions=[_English]),
            }
        return self._of[language()].get_or_select_template(*args, **named)
