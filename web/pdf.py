"""PDF of printed pages, made by the server from the same HTML and styles, without any network."""

from functools import lru_cache
from typing import Any, NoReturn

from flask import Response
from PIL import ImageFile
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher

from web.assets import path_of

# WeasyPrint lets damaged images pass in the whole process; uploads must not inherit that.
ImageFile.LOAD_TRUNCATED_IMAGES = False


class NothingIsFetched(FatalURLFetchingError):  # type: ignore[misc]
    """A printed page asked for an address; everything it needs must stand in it."""


class NoNetwork(URLFetcher):  # type: ignore[misc]
    """Fetches nothing: neither from the network nor from the disk."""

    def fetch(self, url: str, headers: Any = None) -> NoReturn:
        raise NothingIsFetched(url)


@lru_cache(maxsize=4)
def _styles(name: str, version: str) -> tuple[CSS, FontConfiguration]:
    """The built styles, read once per build; `version` is the built name with its hash."""
    fonts = FontConfiguration()
    return CSS(string=path_of(name).read_text(), font_config=fonts, url_fetcher=NoNetwork()), fonts


def pdf_of(body: str, *, title: str, language: str = "zh-CN") -> bytes:
    """The PDF of one printed page; `body` is trusted HTML of our own templates.

    Raises:
        FileNotFoundError: the styles have not been built.
    """
    styles, fonts = _styles("letter.css", path_of("letter.css").name)
    head = f"<head><title>{title}</title></head>"
    page = f'<!doctype html><html lang="{language}">{head}<body>{body}</body></html>'
    document = HTML(string=page, url_fetcher=NoNetwork())
    made = document.write_pdf(stylesheets=[styles], font_config=fonts, pdf_variant=None)
    return bytes(made)


def response(content: bytes, name: str) -> Response:
    """A PDF shown in the browser under a name of its own."""
    from web.papers import response as paper

    return paper(content, "application/pdf", name)
