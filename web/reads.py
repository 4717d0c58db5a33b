"""Pages that show a case or a person say so, and each time they are shown it is written down.

The entry is written before the page leaves; if it cannot be written, the page is not shown.
"""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from flask import g, make_response

from web.here import current_actor, house, now, request_id
from workflow.reads import Reading, log_reading

View = TypeVar("View", bound=Callable[..., Any])
ATTRIBUTE = "mingjian_shows"


def shows(what: str, *, redirects: bool = False) -> Callable[[View], View]:
    """Whatever the view answers is a reading of `what` (`workflow.reading.words.READ`). A redirection is
    one only where it tells something itself (`redirects`).
    """

    def mark(view: View) -> View:
        @wraps(view)
        def logged(**values: Any) -> Any:
            response = make_response(view(**values))
            if redirects or not 300 <= response.status_code < 400:
                _write(what, values)
            return response

        setattr(logged, ATTRIBUTE, what)
        return logged  # type: ignore[return-value]

    return mark


def shown(case: UUID | None = None, listed: Collection[UUID] = ()) -> None:
    """For a view whose address does not name the case: which one it shows, or which it lists."""
    g.shown = case, tuple(listed)


def _write(what: str, values: dict[str, Any]) -> None:
    case, listed = g.get("shown", (values.get("case_id"), ()))
    numbers = {"person": "person_id", "paper": "paper_id", "letter": "letter_id"}
    facts = {name: values[key] for name, key in numbers.items() if key in values}
    reading = Reading(what, case, listed, facts)
    log_reading(house(), current_actor(), reading, now(), request_id())
