"""The inbox of a seat: what the worker has warned about, read once for the whole seat."""

import pytest
from pages.desks import at_the_desk
from pages.houses import demonstration_copy
from pages.visiting import Visitor
from sqlalchemy import func, insert, select

from web import create_app
from web.limits import limiter
from workflow.store import transaction
from workflow.store.models import Account, Clock, InboxMessage, Seat


@pytest.fixture(scope="module")
def house():
    house = demonstration_copy()
    yield house
    house.close()


@pytest.fixture(scope="module")
def warned(house):
    """The login of somebody whose seat has the most messages."""
    with house.reader.connect() as connection:
        return connection.execute(
            select(Account.login, InboxMessage.org, InboxMessage.role, func.count().label("number"))
            .join(Seat, (Seat.org == InboxMessage.org) & (Seat.role == InboxMessage.role))
            .join(Account, Account.id == Seat.account_id)
            .group_by(Account.login, InboxMessage.org, InboxMessage.role)
            .order_by(func.count().desc())
        ).first()


@pytest.fixture
def visitor(house, warned):
    visitor = Visitor(create_app(house, testing=True))
    limiter.reset()
    visitor.signs_in(warned.login)
    return visitor


def test_messages_stand_with_their_limit_and_day_and_name_nobody(visitor, warned):
    page = visitor.opens("/inbox")
    assert page.heading == f"消息{warned.number}条"
    assert "到期" in page.words
    assert any(link.startswith("/cases/") for link in page.links())


def test_the_number_in_the_head_is_what_is_unread(visitor, warned):
    page = visitor.opens("/inbox")
    assert str(warned.number) in page.tree.xpath("string(//nav//a[@href='/inbox'])")


def test_older_messages_are_on_the_next_page(visitor, warned):
    if warned.number > 30:
        assert visitor.opens("/inbox?page=2").status == 200
    assert visitor.opens("/inbox?page=9999").status == 200
    assert visitor.opens("/inbox?page=zzz").status == 200


def test_marked_as_read_for_the_whole_seat(visitor, warned, house):
    page = visitor.submits(visitor.opens("/inbox"), "/inbox/read")
    assert page.status == 200
    assert "未读" not in page.tree.xpath("string(//main)")
    with house.reader.connect() as connection:
        unread = connection.scalar(
            select(func.count()).select_from(InboxMessage).where(
                InboxMessage.org == warned.org,
                InboxMessage.role == warned.role,
                InboxMessage.read_at.is_(None),
            )
        )  # fmt: skip
    assert unread == 0


def test_a_line_for_one_seat_is_read_there_and_a_line_of_no_case_has_no_link(county, case_at):
    case = case_at("check_papers")
    clerk = county.staff["twin1"].actor
    line = {"org": clerk.org, "role": clerk.role, "params": {}, "at": county.clock.at}
    with transaction(county.house.engine) as conn:
        conn.execute(
            insert(InboxMessage),
            [
                {**line, "kind": "handed_over", "case_id": case.id, "seat_id": clerk.seat_id},
                {**line, "kind": "handed_over", "case_id": case.id, "seat_id": clerk.seat_id + 1000},
                {**line, "kind": "channel_dead", "case_id": None, "seat_id": None},
            ],
        )
    page = at_the_desk(county, "twin1").opens("/inbox")
    assert page.heading == "消息2条"
    assert page.words.count("改派给您") == 1 and "消息通道发不出去" in page.words


def test_a_warning_whose_step_has_been_taken_since_says_so(county, case_at):
    case = case_at("check_papers")
    clerk = county.staff["twin1"].actor
    with transaction(county.house.engine) as conn:
        clock = conn.execute(
            select(Clock).where(Clock.case_id == case.id, Clock.stopped_at.is_(None))
        ).first()
        params = {"limit": clock.limit_id, "level": "warn", "due": clock.due_at.isoformat()}
        line = {"org": clerk.org, "role": clerk.role, "seat_id": None, "case_id": case.id, "params": params}
        conn.execute(insert(InboxMessage), [{**line, "kind": "deadline", "at": county.clock.at}])
    assert "已办" not in at_the_desk(county, "twin1").opens("/inbox").words
    county.drive(case, "enquire", {})
    assert "已办" in at_the_desk(county, "twin1").opens("/inbox").words
