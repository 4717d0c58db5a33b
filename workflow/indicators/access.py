"""Who sees which figures: the county's offices all of it or one township, a township its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from workflow.actor import Actor
from workflow.deadlines import SHANGHAI
from workflow.facts.store import open_facts
from workflow.house import House
from workflow.permissions import may, require
from workflow.reading.board import area_code
from workflow.reading.cases import townships


@dataclass(frozen=True, slots=True)
class Basis:
    """What figures rest on: so many entries of the log, the newest of that time (None: there is none)."""

    entries: int
    newest: datetime | None


def area_for(conn: Connection, actor: Actor, wanted: str) -> str:
    """The township that figures are narrowed to: its own for a township, else the one wanted, else none.

    Raises:
        NotAllowed
    """
    require(actor, "view_measures")
    if actor.org.isdecimal() and not actor.org.endswith("000000"):
        return f"{actor.org[:9]}000"
    return wanted if wanted in townships(conn, actor) else ""


def sees(actor: Actor, only: str) -> bool:
    """Whether somebody may see what needs one more action of the matrix."""
    return not only or may(actor.role, only) is not None


def require_seen(actor: Actor, only: str) -> None:
    """Raises NotAllowed where `sees` says no."""
    if only:
        require(actor, only, area=area_code(actor.org))


@contextmanager
def facts_of(house: House) -> Iterator[Any]:
    """The facts to ask. Raises FactsMissing."""
    with open_facts(house.home) as facts:
        yield facts


def basis(facts: Any) -> Basis:
    """How much of the log the facts hold."""
    entries, newest = facts.execute("SELECT count(*), max(recorded_at) FROM event").fetchone()
    return Basis(entries, datetime.fromisoformat(newest).replace(tzinfo=SHANGHAI) if newest else None)
