"""The inbox of a seat: warnings that the worker has raised. A line holds codes and dates, no person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, func, select, update

from bpmn.text import Text
from web.access import signed_in
from web.here import current_actor, house, now
from workflow.alerts.wording import due_of, heading, subject
from workflow.permissions import may
from workflow.reading.inbox import addressed_to, running
from workflow.reading.paging import page_of
from workflow.store import transaction
from workflow.store.models import Case, InboxMessage, Organisation

bp = Blueprint("inbox", __name__, url_prefix="/inbox")
SIZE = 30
RED_FLAGS = "red_flags"
SEATS = frozenset(
    f"{what}_{became}" for what in ("seat", "password") for became in ("proposed", "confirmed", "refused")
)
LATE = frozenset({"overdue", "second", "third"})
ALARMING = frozenset({"answer_overdue", "channel_dead", "mail_refused", "time_jump"})


@dataclass(frozen=True, slots=True)
class Message:
    id: int
    case_id: UUID | None
    number: str
    place: str
    at: datetime
    unread: bool
    late: bool
    level: Text
    limit: Text
    due: datetime | None
    supervision: int | None
    extension: int | None
    finding: int | None
    kind: str
    done: bool
    """Of a deadline whose step has been taken since the warning."""

    @property
    def address(self) -> str | None:
        """Where the line leads: to the supervision or the request it tells of, or to its case."""
        if self.kind == RED_FLAGS and may(current_actor().role, "view_flags"):
            return url_for("flags.index", severity="H")
        if self.kind in SEATS and may(current_actor().role, "manage_accounts"):
            return url_for("staff.index")
        if self.case_id is None:
            return None
        if self.finding is not None:
            inspects = may(current_actor().role, "view_findings")
            return url_for("findings.show" if inspects else "findings.asked", number=self.finding)
        if self.supervision is not None:
            return url_for("overseen.show", case_id=self.case_id, number=self.supervision)
        if self.extension is not None:
            return url_for("extensions.show", case_id=self.case_id, number=self.extension)
        return url_for("case.show", case_id=self.case_id)


def _message(row: Any, running: Mapping[tuple[UUID, str], datetime]) -> Message:
    began = running.get((row.case_id, row.params.get("limit", "")))
    return Message(
        id=row.id, case_id=row.case_id, number=row.number or "", place=row.place or "", at=row.at,
        unread=row.read_at is None, late=row.params.get("level") in LATE or row.kind in ALARMING,
        level=heading(row.kind, row.params), limit=subject(row.params, house().rules().rulebook),
        due=due_of(row.params), supervision=row.params.get("supervision"),
        extension=row.params.get("extension"), finding=row.params.get("finding"), kind=row.kind,
        done=row.kind == "deadline" and (began is None or began > row.at),
    )  # fmt: skip


def _page(connection: Connection, skip: int) -> list[Any]:
    return list(
        connection.execute(
            select(InboxMessage.__table__, Case.number, Organisation.name.label("place"))
            .outerjoin(Case, Case.id == InboxMessage.case_id)
            .outerjoin(Organisation, Organisation.code == Case.village)
            .where(*addressed_to(current_actor()))
            .order_by(InboxMessage.id.desc())
            .limit(SIZE)
            .offset(skip)
        )
    )


@bp.get("")
@signed_in
def index() -> ResponseReturnValue:
    with house().reader.connect() as connection:
        total = (
            connection.scalar(
                select(func.count()).select_from(InboxMessage).where(*addressed_to(current_actor()))
            )
            or 0
        )
        at = page_of(total, request.args.get("page", 1, type=int), SIZE)
        rows = _page(connection, at.skip)
        runs = running(connection, {row.case_id for row in rows if row.kind == "deadline"})
        messages = [_message(row, runs) for row in rows]
    return make_response(
        render_template("inbox/index.html", messages=messages, total=total, number=at.number, pages=at.pages)
    )


@bp.post("/read")
@signed_in
def read() -> ResponseReturnValue:
    """Mark lines as read: one by its id, or all."""
    chosen = request.form.get("message", type=int)
    with transaction(house().engine) as connection:
        connection.execute(
            update(InboxMessage)
            .where(*addressed_to(current_actor()), InboxMessage.read_at.is_(None))
            .where(*([InboxMessage.id == chosen] if chosen is not None else []))
            .values(read_at=now(), read_by=current_actor().account_id)
        )
    return redirect(url_for(".index"), 303)
