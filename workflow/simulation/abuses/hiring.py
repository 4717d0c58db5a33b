"""More people at a desk: by the staff list, and second seats."""

from dataclasses import replace
from datetime import date, datetime
from random import Random

from sqlalchemy import select

from workflow.deadlines import SHANGHAI
from workflow.demo.people import invent_name
from workflow.demo.staff import Post
from workflow.house import House
from workflow.register.seats import give_seat
from workflow.register.staff import import_staff
from workflow.register.table import Sheet
from workflow.store import transaction
from workflow.store.models import Account, Organisation, Seat

HEADINGS = ("登录名", "姓名", "单位", "岗位", "生效日期")


def hire(house: House, random: Random, login: str, role: str, org: str, at: datetime) -> Post:
    """Somebody new on a seat, by a staff list of one line. Raises RowsRefused."""
    name, since = invent_name(random, "male"), at.astimezone(SHANGHAI).date().isoformat()
    sheet = Sheet([(1, HEADINGS), (2, (login, name, org, role, since))])
    with transaction(house.engine) as conn:
        import_staff(conn, sheet, roles=house.rules().rulebook.roles, at=at)
        row = conn.execute(
            select(Seat.id, Seat.account_id, Organisation.name)
            .join(Account, Account.id == Seat.account_id)
            .join(Organisation, Organisation.code == Seat.org)
            .where(Account.login == login)
        ).one()
    return Post(login, name, role, org, row.name, row.account_id, row.id)


def second_seat(house: House, post: Post, role: str, today: date) -> Post:
    """A person sits in the same office as something else as well. Raises NotAllowed (SD-4, SD-8)."""
    roles = house.rules().rulebook.roles
    with transaction(house.engine) as conn:
        seat = give_seat(conn, post.account_id, post.org, role, roles=roles, valid_from=today)
    return replace(post, role=role, seat_id=seat)
