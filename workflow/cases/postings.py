"""公示: put up, lengthened after an objection, taken down by itself (domain 2.17, 10.6)."""

from datetime import datetime

from sqlalchemy import bindparam, func, insert, select, update

from workflow.cases.work import Work
from workflow.register.identity import birth_of, completed_age
from workflow.register.masking import mask_name, require_publishable
from workflow.store.models import Household, Organisation, Person, Posting, table
from workflow.store.prepared import Prepared

ADULT = 18
_PERSON = Prepared(select(table(Person)).where(Person.id == bindparam("person_id")))
_HOUSEHOLD = Prepared(select(table(Household)).where(Household.id == bindparam("household_id")))
_HEAD = Prepared(
    select(table(Person)).where(Person.household_id == bindparam("household_id"), Person.relation == "self")
)
_SIZE = Prepared(
    select(func.count().label("size"))
    .select_from(Person)
    .where(Person.household_id == bindparam("household_id"))
)
_VILLAGE = Prepared(select(Organisation.name).where(Organisation.code == bindparam("code")))
_HANGING = (Posting.case_id == bindparam("case"), Posting.taken_down_at.is_(None))
_TAKE_DOWN = Prepared(update(table(Posting)).where(*_HANGING).values(taken_down_at=bindparam("at")))
_EXTEND = Prepared(update(table(Posting)).where(*_HANGING).values(ends_at=bindparam("until")))
_POST = Prepared(insert(table(Posting)), "case_id", "number", "posted_at", "ends_at", "masked", "board")


def publish(work: Work, number: int, ends_at: datetime) -> None:
    """Show the household's line until `ends_at`: masked on the web, the head's name on the board.

    Raises:
        NotPublishable: the privacy gate (RF-37) found what may never be posted.
    """
    person = _PERSON.first(work.conn, {"person_id": work.row.applicant_id})
    ours = {"household_id": person.household_id}
    household = _HOUSEHOLD.first(work.conn, ours)
    head = _HEAD.first(work.conn, ours) or person
    size = _SIZE.scalar(work.conn, ours)
    village = _VILLAGE.scalar(work.conn, {"code": work.row.village})
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
    _POST.change(
        work.conn,
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
    _TAKE_DOWN.change(work.conn, {"case": work.row.id, "at": work.at})


def extend(work: Work, ends_at: datetime) -> None:
    """After an unfounded objection the remaining days run on."""
    _EXTEND.change(work.conn, {"case": work.row.id, "until": ends_at})
