"""公示: put up, lengthened after an objection, taken down by itself (domain 2.17, 10.6)."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from workflow.cases.work import Work
from workflow.register.identity import birth_of, completed_age
from workflow.register.masking import mask_name, require_publishable
from workflow.store.models import Household, Organisation, Person, Posting, table

ADULT = 18


def publish(work: Work, number: int, ends_at: datetime) -> None:
    """Show the household's line until `ends_at`: masked on the web, the head's name on the board.

    Raises:
        NotPublishable: the privacy gate (RF-37) found what may never be posted.
    """
    person = work.conn.execute(select(table(Person)).where(Person.id == work.row.applicant_id)).one()
    household = work.conn.execute(select(table(Household)).where(Household.id == person.household_id)).one()
    head = (
        work.conn.execute(
            select(table(Person)).where(Person.household_id == household.id, Person.relation == "self")
        ).first()
        or person
    )
    size = work.conn.scalar(
        select(func.count()).select_from(Person).where(Person.household_id == household.id)
    )
    village = work.conn.scalar(select(Organisation.name).where(Organisation.code == work.row.village))
    minor = completed_age(birth_of(head.id_number), work.today) < ADULT
    line = {
        "group": household.group_name or "",
        "village": village,
        "size": size,
        "amount": None if work.row.aid is None or number == 1 else f"{work.row.aid:.2f}",
    }
    masked = {**line, "name": f"申请人（{work.row.number}）" if minor else mask_name(head.name)}
    board = {**line, "name": f"申请人（{work.row.number}）" if minor else head.name}
    require_publishable([*masked.items(), *board.items()])
    work.conn.execute(
        insert(Posting),
        {
            "case_id": work.row.id,
            "number": number,
            "posted_at": work.at,
            "ends_at": ends_at,
            "masked": masked,
            "board": board,
        },
    )


def take_down(work: Work) -> None:
    """Whatever of the case still hangs comes down."""
    _change(work, taken_down_at=work.at)


def extend(work: Work, ends_at: datetime) -> None:
    """After an unfounded objection the remaining days run on."""
    _change(work, ends_at=ends_at)


def _change(work: Work, **values: Any) -> None:
    work.conn.execute(
        update(Posting)
        .where(Posting.case_id == work.row.id, Posting.taken_down_at.is_(None))
        .values(**values)
    )
