"""One page of a long list."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """Pages count from 1; `skip`: the rows ahead of it."""

    number: int
    pages: int
    skip: int


def page_of(total: int, asked: int, size: int) -> Page:
    """The page that was asked for; beyond the ends the nearest. An empty list has one empty page."""
    pages = max(1, -(-total // size))
    number = min(max(1, asked), pages)
    return Page(number, pages, (number - 1) * size)
