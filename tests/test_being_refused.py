"""Whoever tries what they may not gets a clear page, and the attempt stands in the log."""

import pytest
from pages.houses import demonstration_copy
from pages.visiting import Visitor
from sqlalchemy import select

import audit
from web import create_app
from web.limits import limiter
from workflow.permissions import MATRIX
from workflow.store.models import Case, Task


@pytest.fixture(scope="module")
def house():
    house = demonstration_copy()
    yield house
    house.close()


@pytest.fixture(scope="module")
def app(house):
    return create_app(house, testing=True)


@pytest.fixture
def office(app):
    limiter.reset()
    return lambda login: _signed_in(Visitor(app), login)


def _signed_in(visitor, login):
    visitor.signs_in(login)
    return visitor


def attempts(house, case=audit.SYSTEM_CHAIN):
    with house.reader.connect() as connection:
        chain = audit.chain_of(case, audit.READS)
        found = [stored.entry for stored in audit.entries(connection, chain)]
    return [entry for entry in found if entry["type"] == "attempt_refused"]


def case_of(house, *conditions):
    with house.reader.connect() as connection:
        return connection.execute(select(Case.id, Case.number, Case.township).where(*conditions)).first()


def test_a_case_of_another_township_stays_shut_and_the_attempt_is_logged(office, house):
    visitor = office("trev1")
    own = visitor.opens("/account").words
    with house.reader.connect() as connection:
        townships = connection.scalars(select(Case.township).distinct()).all()
    refused = []
    for township in townships:
        case = case_of(house, Case.township == township, Case.flow.not_in(list(MATRIX.views)))
        page = visitor.opens(f"/cases/{case.id}")
        if page.status == 403:
            refused.append(case)
            assert "辖区" in page.words
            assert "这次尝试已写入日志" in page.words
    assert refused and len(refused) < len(townships), own
    for case in refused:
        (logged,) = attempts(house, case.id)
        assert (logged["vars"]["action"], logged["vars"]["detail"]) == ("case.show", "area")
        assert logged["actor"]["role"] == "TREV"


def test_a_page_of_another_seat_names_the_rule_and_the_way_out(office, house):
    page = office("vlia1").opens("/supervise")
    assert page.status == 403
    assert "岗位权限" in page.words
    assert "联络员" in page.words
    assert page.headers["X-Request-ID"] in page.text
    assert attempts(house)[-1]["vars"]["action"] == "supervise.index"


def test_a_refused_command_stands_beside_its_case_once(office, house):
    """Somebody of the right office but another role sends the form of a step."""
    with house.reader.connect() as connection:
        task = connection.execute(
            select(Task.case_id, Task.id, Task.role, Task.org).where(
                Task.done_at.is_(None), Task.kind == "user", Task.org == "360829-msb", Task.role != "CAPR"
            )
        ).first()
    assert task is not None
    visitor = office("capr")
    token = visitor.opens("/account").form("/sign-out").fields["csrf_token"]
    before, system = len(attempts(house, task.case_id)), len(attempts(house))
    page = visitor.posts(f"/cases/{task.case_id}/tasks/{task.id}", {"csrf_token": token, "_once": "0" * 32})
    assert page.status in {403, 422}
    if page.status == 403:
        assert len(attempts(house, task.case_id)) + len(attempts(house)) == before + system + 1


def test_an_unknown_case_is_not_found_and_nothing_is_told(office):
    page = office("chnd").opens("/cases/00000000-0000-4000-8000-000000000000")
    assert page.status == 404
