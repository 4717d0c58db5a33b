"""Templates are compiled once per language: `t('中文', 'English')` of two literals is one literal then.

A page of thirty rows asks for some six hundred texts; most never change. What is put together at run time
still goes through `web.language.t`.
"""

from collections.abc import Callable, Hashable, Iterator, MutableMapping
from functools import lru_cache
from operator import attrgetter
from typing import Any, ClassVar, Final

from flask import has_request_context
from flask.templating import Environment
from jinja2 import Template
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.runtime import Macro
from markupsafe import Markup

from web.language import IN_ONE_LANGUAGE, language

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
    """The environment of the pages: hands out each template in the reader's language.

    What a template imports is put together once per language and kept: its macros get everything by their
    arguments, so nothing is imported `with context`.
    """

    _of: dict[str, "Bilingual"]

    def get_or_select_template(self, *args: Any, **named: Any) -> Template:
        if self.overlayed or not has_request_context():
            return super().get_or_select_template(*args, **named)
        if "_of" not in self.__dict__:  # only now are all options, filters and globals there
            self._of = {"zh": self._speaking("zh", _Chinese), "en": self._speaking("en", _English)}
        return self._of[language()].get_or_select_template(*args, **named)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """One mapping for all templates of a language: to look through two costs more than what it finds."""
        return self.globals if self.overlayed and not d else super().make_globals(d)

    def _speaking(self, code: str, literals: type[_Literals]) -> "Bilingual":
        pages = self.overlay(extensions=[literals])
        pages.globals = {**self.globals, "t": IN_ONE_LANGUAGE[code]}
        return pages


def kept(macro: Macro, *names: str) -> Callable[[Any], Markup]:
    """`kept(macro, 'status', 'used')`: a macro about one thing, which says the same of all things with the
    same `status` and `used` and is asked once for each. These must be all that it hangs on, and name nobody.
    """
    pick = attrgetter(*names)

    @lru_cache(1024)
    def said(given: tuple[Hashable, ...]) -> Markup:
        return Markup(macro(*given))  # noqa: S704 - a macro has escaped what it says

    return lambda thing: said(pick(thing))
