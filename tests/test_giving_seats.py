"""人员岗位 (SD-8): two administrators give a seat, one takes it away, and the log has who did what."""

from datetime import timedelta

import pytest
from small_county import TOWNSHIP
from sqlalchemy import select

from audit import READS, SYSTEM_CHAIN, chain_of, entries
from workflow.appointment_commands import (
    ConfirmPassword,
    ConfirmSeat,
    EndSeat,
    ProposePassword,
    ProposeSeat,
    RefusePassword,
    RefuseSeat,
    SetStanding,
)
from workflow.cases.keeping import told_office
from workflow.errors import AnswersRefused, NotAllowed, NotFound, StepImpossible
from workflow.leave_commands import TakeLeave
from workflow.register import accounts, seats
from workflow.store import transaction
from workflow.store.models import Account, Appointment, InboxMessage, Organisation, PasswordReset, Seat

PASSWORD = "a first password"
HASH = accounts.hash_password(PASSWORD)


@pytest.fixture
def first(county):
    return county.staff["adm"]


@pytest.fixture
def second(county):
    return county.staff["adm2"]


def proposes(staff, login="wang.min", name="王敏", role="TREV", org=TOWNSHIP, days=0, last=None):
    day = staff.county.today + timedelta(days=days)
    return int(staff.does(ProposeSeat(login, name, org, role, day, last)).number)


def confirms(staff, number):
    return staff.does(ConfirmSeat(number, HASH))


def told(county, *kinds):
    """Kind and facts of the entries beside the cases."""
    with county.house.reader.connect() as conn:
        found = [e.entry for e in entries(conn, SYSTEM_CHAIN)]
    return [(e["type"], e["vars"], e["actor"]) for e in found if e["type"] in kinds]


def held_by(county, login):
    """The seats that the account of this login has today."""
    with county.house.reader.connect() as conn:
        number = conn.scalar(select(Account.id).where(Account.login == login))
        return [] if number is None else list(seats.seats_of(conn, number, county.today))


def faults_of(call, *arguments, **named):
    with pytest.raises(AnswersRefused) as refused:
        call(*arguments, **named)
    return {fault.field for fault in refused.value.faults}


def test_somebody_new_sits_there_and_signs_in_once_a_second_administrator_has_confirmed(
    county, first, second
):
    number = proposes(first)
    assert held_by(county, "wang.min") == []
    made = int(confirms(second, number).number)
    (seat,) = held_by(county, "wang.min")
    assert (seat.account_id, seat.role, seat.org) == (made, "TREV", TOWNSHIP)
    assert accounts.authenticate(county.house.reader, "wang.min", PASSWORD) == made
    (proposal,) = county.rows(Appointment)
    assert (proposal.state, proposal.decided_by) == ("confirmed", second.actor.account_id)


def test_the_log_has_who_proposed_and_who_confirmed_by_numbers_alone(county, first, second):
    number = proposes(first)
    made = int(confirms(second, number).number)
    (seat,) = held_by(county, "wang.min")
    proposed, account, given = told(county, "seat_proposed", "account_created", "seat_given")
    when = {"role": "TREV", "office": told_office(TOWNSHIP), "first": county.today.isoformat(), "last": None}
    assert proposed[:2] == ("seat_proposed", {"proposal": number, **when})
    assert account[:2] == ("account_created", {"account": made})
    assert given[:2] == (
        "seat_given",
        {
            "seat": seat.seat_id, "account": made, "proposal": number,
            "proposed_by": first.actor.account_id, **when,
        },
    )  # fmt: skip
    assert "王敏" not in str([proposed, account, given]) and "wang" not in str([proposed, account, given])
    by = [entry[2]["id"] for entry in (proposed, account, given)]
    assert by == [first.actor.account_id, second.actor.account_id, second.actor.account_id]


def test_nobody_confirms_what_he_has_proposed_or_what_is_for_himself(county, first, second):
    proposed, for_himself = proposes(first), proposes(first, "adm2", "", "INSP", "360829-inspection")
    for confirmer, number in ((first, proposed), (second, for_himself)):
        with pytest.raises(NotAllowed) as refused:
            confirms(confirmer, number)
        assert refused.value.rule == "appointment"
    assert held_by(county, "wang.min") == [] and len(held_by(county, "adm2")) == 1
    assert told(county, "seat_given", "account_created") == []


@pytest.mark.parametrize("login", ["capr", "sup-msb", "insp", "trev1"])
def test_only_administrators_give_and_take(county, first, login):
    number, other = proposes(first), county.staff[login]
    seat = county.staff["twin1"].actor
    for command in (
        ProposeSeat("li.li", "李丽", TOWNSHIP, "TREV", county.today, None),
        ConfirmSeat(number, HASH),
        RefuseSeat(number),
        EndSeat(seat.seat_id, county.today),
        SetStanding(seat.account_id, False),
        ProposePassword(seat.account_id),
        ConfirmPassword(1, HASH),
        RefusePassword(1),
    ):
        with pytest.raises(NotAllowed):
            other.does(command)
    assert county.rows(Appointment)[0].state == "open"


def test_an_administrator_gets_no_post_that_writes_into_cases_and_the_attempt_is_logged(
    county, first, second
):
    for login in ("adm", "adm2"):
        with pytest.raises(NotAllowed) as refused:
            proposes(first, login, "")
        assert refused.value.rule == "SD-8"
    with county.house.reader.connect() as conn:
        tried = [e.entry["vars"] for e in entries(conn, chain_of(SYSTEM_CHAIN, READS))]
    wanted = {"action": "ProposeSeat", "detail": "SD-8"}
    assert [facts for facts in tried if facts.get("action")] == [wanted, wanted]


def test_what_separates_posts_is_asked_again_when_it_is_confirmed(county, first, second):
    number = proposes(first, "trev1", "", "TLEAD")
    with transaction(county.house.engine) as conn:
        roles = county.house.rules().rulebook.roles
        person = conn.scalar(select(Account.id).where(Account.login == "trev1"))
        for seat in county.rows(Seat, Seat.account_id == person):
            seats.end_seat(conn, seat.id, county.today - timedelta(days=1))
        seats.give_seat(conn, person, "360829-inspection", "INSP", roles=roles, valid_from=county.today)
    with pytest.raises(NotAllowed) as refused:
        confirms(second, number)
    assert refused.value.rule == "SD-8"
    assert county.rows(Appointment)[0].state == "open"


def test_what_cannot_be_is_refused_with_its_field(county, first):
    day = county.today
    assert faults_of(proposes, first, "x", "") == {"login", "name"}
    assert faults_of(proposes, first, days=-1) == {"first"}
    assert faults_of(proposes, first, last=day - timedelta(days=1)) == {"last"}
    assert faults_of(proposes, first, role="FIN1") == {"role"}
    assert faults_of(proposes, first, role="nobody") == {"role"}
    assert faults_of(proposes, first, org="360829999000") == {"org"}
    assert faults_of(proposes, first, "trev1", "别人") == {"login"}
    assert faults_of(proposes, first, "trev1", "", "TREV") == {"role"}, "sits there already"
    proposes(first)
    assert faults_of(proposes, first) == {"role"}, "waits already"
    assert faults_of(proposes, first, name="王民", role="TINV") == {"login"}, "waits for another person"
    assert len(county.rows(Appointment)) == 1


def test_no_other_county_is_touched(county, first, second):
    with transaction(county.house.engine) as conn:
        conn.execute(
            Organisation.__table__.insert(),
            {"code": "360830-msb", "name": "永新县医保局", "level": "county", "kind": "msb",
             "valid_from": county.today, "valid_to": None, "parent": None, "predecessor": None},
        )  # fmt: skip
        roles = county.house.rules().rulebook.roles
        stranger = accounts.create(conn, "far.away", "远方", at=county.clock.at, password_hash=HASH)
        seat = seats.give_seat(conn, stranger, "360830-msb", "CAPR", roles=roles, valid_from=county.today)
    with pytest.raises(NotAllowed) as refused:
        proposes(first, org="360830-msb", role="CAPR")
    assert refused.value.rule == "area"
    with pytest.raises(NotAllowed):
        first.does(EndSeat(seat, county.today))
    for command in (SetStanding(stranger, False), ProposePassword(stranger)):
        with pytest.raises(NotFound):
            first.does(command)


def test_one_person_gets_two_posts_at_once_and_one_account(county, first, second):
    numbers = [proposes(first), proposes(first, role="TINV", name="王敏")]
    made = [confirms(second, number).number for number in numbers]
    assert made[0] and not made[1], "an account is made once"
    assert {seat.role for seat in held_by(county, "wang.min")} == {"TREV", "TINV"}


def test_a_login_that_is_somebody_elses_by_now_is_told(county, first, second):
    number = proposes(first)
    with transaction(county.house.engine) as conn:
        accounts.create(conn, "wang.min", "王民", at=county.clock.at, password_hash=HASH)
    with pytest.raises(StepImpossible, match="login is taken"):
        confirms(second, number)
    second.does(RefuseSeat(number))
    assert held_by(county, "wang.min") == []


def test_a_seat_the_server_has_given_meanwhile_is_not_given_twice(county, first, second):
    number = proposes(first, "trev1", "", "TINV")
    roles, person = county.house.rules().rulebook.roles, county.staff["trev1"].actor.account_id
    with transaction(county.house.engine) as conn:
        seats.give_seat(conn, person, TOWNSHIP, "TINV", roles=roles, valid_from=county.today)
    with pytest.raises(StepImpossible, match="sits there already"):
        confirms(second, number)
    assert told(county, "seat_given") == []


def test_a_seat_that_waited_begins_when_it_is_confirmed_and_one_whose_days_are_over_does_not(
    county, clock, first, second
):
    waited = proposes(first)
    over = proposes(first, "li.li", "李丽", last=county.today + timedelta(days=1))
    clock.forward(days=3)
    confirms(second, waited)
    (seat,) = county.rows(Seat, Seat.id == held_by(county, "wang.min")[0].seat_id)
    assert seat.valid_from == county.today
    with pytest.raises(StepImpossible):
        confirms(second, over)


def test_what_is_decided_is_decided_and_the_same_request_is_done_once(county, first, second):
    number = proposes(first)
    assert first.does(RefuseSeat(number)).number == str(number)
    assert county.rows(Appointment)[0].state == "withdrawn"
    again = proposes(first)
    made = second.does(ConfirmSeat(again, HASH), "a" * 32)
    assert second.does(ConfirmSeat(again, HASH), "a" * 32).number == made.number
    assert len(told(county, "seat_given")) == 1
    for command in (ConfirmSeat(again, HASH), RefuseSeat(again), RefuseSeat(number)):
        with pytest.raises(StepImpossible):
            second.does(command)
    with pytest.raises(NotFound):
        second.does(ConfirmSeat(9999, HASH))


def test_the_other_administrator_is_told_and_whoever_proposed_it(county, first, second):
    confirms(second, proposes(first))
    second.does(RefuseSeat(proposes(first, "li.li", "李丽")))
    rows = county.rows(InboxMessage)
    lines = [(row.kind, row.seat_id) for row in rows]
    assert {row.params["subject"] for row in rows} == {"平都镇乡镇审核人员"}, "no person"
    there, back = second.actor.seat_id, first.actor.seat_id
    assert lines == [
        ("seat_proposed", there), ("seat_confirmed", back), ("seat_proposed", there), ("seat_refused", back),
    ]  # fmt: skip


def test_a_seat_ends_with_its_substitutes_and_its_holder_acts_no_more(county, case_at, first, reviewer):
    case = case_at("audit_file")
    colleague = county.colleague("trev1")
    last = county.today + timedelta(days=9)
    leave = TakeLeave(reviewer.actor.seat_id, colleague.actor.seat_id, county.today, last, "leave")
    reviewer.does(leave)
    yesterday = county.today - timedelta(days=1)
    first.does(EndSeat(reviewer.actor.seat_id, yesterday))
    ended = told(county, "seat_ended")
    assert [facts["last"] for _, facts, _ in ended] == [yesterday.isoformat()] * 2
    assert {facts["account"] for _, facts, _ in ended} == {
        reviewer.actor.account_id, colleague.actor.account_id,
    }  # fmt: skip
    assert held_by(county, "trev1") == []
    with county.house.reader.connect() as conn:
        left = seats.seats_of(conn, colleague.actor.account_id, county.today)
    assert [seat.stands_for for seat in left] == [None], "the colleague's own seat stays"
    assert case.task("audit_file").done_at is None


def test_an_end_is_not_before_yesterday_and_never_prolongs(county, first, reviewer):
    seat = reviewer.actor.seat_id
    assert faults_of(first.does, EndSeat(seat, county.today - timedelta(days=2))) == {"last"}
    first.does(EndSeat(seat, county.today + timedelta(days=5)))
    assert faults_of(first.does, EndSeat(seat, county.today + timedelta(days=6))) == {"last"}
    first.does(EndSeat(seat, county.today - timedelta(days=1)))
    with pytest.raises(StepImpossible):
        first.does(EndSeat(seat, county.today))
    with pytest.raises(NotFound):
        first.does(EndSeat(99_999, county.today))


def test_an_account_is_disabled_and_enabled_again_but_never_ones_own(county, first, reviewer):
    who = reviewer.actor.account_id
    before = county.rows(Account, Account.id == who)[0].epoch
    first.does(SetStanding(who, False))
    assert held_by(county, "trev1") == []
    assert county.rows(Account, Account.id == who)[0].epoch == before + 1, "its sessions end"
    with pytest.raises(StepImpossible):
        first.does(SetStanding(who, False))
    assert faults_of(proposes, first, "trev1", "", "TINV") == {"login"}
    first.does(SetStanding(who, True))
    assert len(held_by(county, "trev1")) == 1
    kinds = [kind for kind, _, _ in told(county, "account_disabled", "account_enabled")]
    assert kinds == ["account_disabled", "account_enabled"]
    for command in (SetStanding(first.actor.account_id, False), EndSeat(first.actor.seat_id, county.today)):
        with pytest.raises(StepImpossible):
            first.does(command)


def test_a_forgotten_password_is_replaced_by_two_and_has_to_be_changed(county, first, second, reviewer):
    who = reviewer.actor.account_id
    before = county.rows(Account, Account.id == who)[0]
    number = int(first.does(ProposePassword(who)).number)
    assert county.rows(Account, Account.id == who)[0].password == before.password
    second.does(ConfirmPassword(number, HASH))
    after = county.rows(Account, Account.id == who)[0]
    assert accounts.authenticate(county.house.reader, "trev1", PASSWORD) == who
    assert after.handed_out and after.epoch == before.epoch + 1, "its sessions end"
    proposed, done = told(county, "password_proposed", "password_set")
    assert proposed[1] == {"proposal": number, "account": who}
    assert done[1] == {"account": who, "proposal": number, "proposed_by": first.actor.account_id}
    assert done[2]["id"] == second.actor.account_id
    lines = [(row.kind, row.seat_id, row.params["subject"]) for row in county.rows(InboxMessage)]
    post = "平都镇乡镇审核人员"
    assert lines == [
        ("password_proposed", second.actor.seat_id, post), ("password_confirmed", first.actor.seat_id, post),
    ]  # fmt: skip


def test_a_password_is_not_replaced_by_one_alone_nor_for_oneself(county, first, second, reviewer):
    who = reviewer.actor.account_id
    number = int(first.does(ProposePassword(who)).number)
    for_second = int(first.does(ProposePassword(second.actor.account_id)).number)
    for staff, own in ((first, number), (second, for_second)):
        with pytest.raises(NotAllowed) as refused:
            staff.does(ConfirmPassword(own, HASH))
        assert refused.value.rule == "appointment"
    with pytest.raises(StepImpossible):
        first.does(ProposePassword(first.actor.account_id))
    with pytest.raises(StepImpossible):
        second.does(ProposePassword(who))
    assert not any(row.handed_out for row in county.rows(Account))
    second.does(RefusePassword(number))
    first.does(RefusePassword(for_second))
    assert [row.state for row in county.rows(PasswordReset)] == ["refused", "withdrawn"]
    for command in (ConfirmPassword(number, HASH), RefusePassword(number)):
        with pytest.raises(StepImpossible):
            second.does(command)
    for missing in (ConfirmPassword(99, HASH), RefusePassword(99), ProposePassword(99_999)):
        with pytest.raises(NotFound):
            second.does(missing)


def test_a_disabled_account_gets_no_password(first, reviewer):
    first.does(SetStanding(reviewer.actor.account_id, False))
    with pytest.raises(StepImpossible, match="disabled"):
        first.does(ProposePassword(reviewer.actor.account_id))
