"""People of the small county in front of their browsers."""

import io

from pages.visiting import Visitor
from PIL import Image

from web import create_app
from web.limits import limiter


def photo(colour: str = "white") -> bytes:
    """A small picture that really is one."""
    content = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(content, "PNG")
    return content.getvalue()


def at_the_desk(county, login: str) -> Visitor:
    """Somebody of the county, signed in, with the clock of the test."""
    visitor = Visitor(create_app(county.house, clock=county.clock, testing=True))
    limiter.reset()
    page = visitor.signs_in(login)
    assert page.status == 200, page.words
    return visitor


def form_of(case, node: str) -> str:
    return f"/cases/{case.id}/tasks/{case.task(node).id}"


def answers_for(county, case, node: str, **answers) -> dict[str, str | list[str]]:
    """What the demonstration would type into a step."""
    return dict(county.completion(case, node, answers).answers)
