"""Building the demonstration county: every story through the real services, nothing put in by hand."""

import pytest
from house_templates import require_sound_log
from pages.houses import NOW, SHARED, demonstration_house
from small_county import SetClock, SmallCounty
from sqlalchemy import func, select

import audit
from workflow.demo import county as demonstration
from workflow.demo.staff import PASSWORD
from workflow.demo.stories import first_of_each
from workflow.house import open_house
from workflow.register.accounts import authenticate
from workflow.register.identity import check_id_number
from workflow.spot_checks.verifying import verify_plan
from workflow.store.models import (
    Account,
    Alarm,
    Case,
    Claim,
    Finding,
    Letter,
    Payment,
    Person,
    Posting,
    Recovery,
    Seat,
    SpotCheck,
    SpotCheckSheet,
    Task,
)


def test_a_small_demonstration_shows_everything_and_the_same_seed_tells_the_same_stories(postgres, tmp_path):
    """One test on purpose: the county is built once on PostgreSQL; that on SQLite is the one which the tests
    of the pages share. Case ids are drawn anew each time; nothing the county shows may hang on them.
    """
    shared = demonstration_house()
    house, said = open_house(postgres.fresh_database(), tmp_path / "home", now=SetClock(NOW)), []
    try:
        built = demonstration.build(house, *SHARED, lambda done, of: said.append((done, of)))
        assert said[-1][0] == said[-1][1]
        for each in (house, shared):
            everything_is_there(SmallCounty(each, SetClock(NOW)), built)
        assert told(house) == told(shared)
    finally:
        house.close()


def told(house):
    cases = SmallCounty(house, SetClock(NOW)).rows(Case)
    return sorted((case.number, case.state, case.seq, case.village) for case in cases)


def everything_is_there(county, built):
    the_county_is_whole(county, built)
    every_story_has_happened(county)
    who_is_listed_can_sign_in(county, built)
    everybody_is_invented_and_says_so(county)
    nothing_was_put_in_by_hand(county)
    the_inspector_has_been_at_work(county)
    require_sound_log(county)
    assert county.house.now() == NOW
    with pytest.raises(demonstration.NotEmpty):
        demonstration.build(county.house, 1, 7, lambda done, of: None)


def the_county_is_whole(county, built):
    cases = county.rows(Case)
    assert len(cases) == built.cases > len(first_of_each()), "and what has followed from them"
    assert len({case.number for case in cases}) == len(cases)
    assert all(case.opened_at <= NOW for case in cases)
    assert len({case.village for case in cases}) > 3


def every_story_has_happened(county):
    cases = county.rows(Case)
    assert {"approved", "refused", "not_accepted", "withdrawn"} <= {case.outcome for case in cases}
    assert {"ARCHIVED", "WITHDRAWN", "TERMINATED_DEATH"} <= {case.state for case in cases}
    flows = {row.number for row in county.house.rules().rulebook.flows.values()}
    shown = {county.house.rules().rulebook.flows[case.flow].number for case in cases}
    assert flows == shown, "every flow is shown"
    recoveries = county.rows(Recovery)
    assert any(row.result == "recovered" and row.outstanding == 0 for row in recoveries), "paid back whole"
    assert any(row.closed_at is None and row.excess > row.outstanding > 0 for row in recoveries), "in parts"
    nodes = {task.node for task in county.rows(Task) if task.done_at is not None}
    assert {"record_authorisation", "check_alert", "register_inclusion", "review_case"} <= nodes
    kinds = {letter.kind for letter in county.rows(Letter)}
    assert {
        "acceptance_notice", "supplement_notice", "refusal_to_accept", "review_note", "approval_decision",
        "refusal_decision", "serious_illness_return", "withdrawal_confirmation",
    } <= kinds  # fmt: skip
    assert {"credited", "returned"} <= {payment.status for payment in county.rows(Payment)}
    assert {1, 2, 3} <= {posting.number for posting in county.rows(Posting)}
    late = [task for task in county.rows(Task, Task.done_at.is_(None)) if task.due_at and task.due_at < NOW]
    assert {task.node for task in late} >= {"enquire", "audit_file", "examine_file"}
    assert {"warn", "overdue", "second", "third"} <= {alarm.level for alarm in county.rows(Alarm)}
    assert any(claim.aid_paid for claim in county.rows(Claim))


def who_is_listed_can_sign_in(county, built):
    seats = {(seat.account_id, seat.role) for seat in county.rows(Seat)}
    accounts = {row.login: row for row in county.rows(Account)}
    for post in built.posts:
        assert (accounts[post.login].id, post.role) in seats
    for login in ("vlia1", "insp"):
        assert authenticate(county.house.reader, login, PASSWORD) == accounts[login].id
    assert {post.role for post in built.posts} >= {
        "VLIA", "VHEAD", "TWIN", "TREV", "TINV", "TLEAD", "CHND", "CCHK", "CAPR", "FIN1", "FIN2", "ARCH",
        "SUP", "INSP", "ADM",
    }  # fmt: skip


def everybody_is_invented_and_says_so(county):
    people = county.rows(Person)
    assert people and all(person.demonstration for person in people)
    assert all(row.demonstration for row in (*county.rows(Claim), *county.rows(Account)))
    for person in people:
        check_id_number(person.id_number, NOW.date())


def the_inspector_has_been_at_work(county):
    assert [row.state for row in county.rows(Finding)] == ["closed", "answered", "sent"]
    drawn, announced = county.rows(SpotCheck)
    assert drawn.drawn_seq is not None and announced.drawn_seq is None
    sheets = county.rows(SpotCheckSheet)
    recorded = [row for row in sheets if row.recorded_at is not None]
    assert recorded and {row.plan_id for row in sheets} == {drawn.id}
    with county.house.reader.connect() as conn:
        assert verify_plan(county.house, conn, drawn.id).ok


def nothing_was_put_in_by_hand(county):
    """Each case row stands on its entries, each closed step names the entry that closed it."""
    with county.house.reader.connect() as conn:
        entries = conn.scalar(
            select(func.count())
            .select_from(audit.tables.audit_entry)
            .where(audit.tables.audit_entry.c.chain != audit.SYSTEM_CHAIN)
            .where(audit.tables.audit_entry.c.log == 0)  # reads and refusals stand in a log of their own
        )
    cases = county.rows(Case)
    assert entries == sum(case.seq + 1 for case in cases)
    done = [task for task in county.rows(Task) if task.done_at is not None]
    assert all(task.done_seq is not None for task in done)
    newest = {case.id: case.seq for case in cases}
    assert all(task.done_seq <= newest[task.case_id] for task in done)
