"""请假代班 (SD-10): the substitute gets the work and not the signatures; it ends by itself."""

from datetime import date, timedelta

import pytest
from pages.desks import at_the_desk
from small_county import OTHER_VILLAGE, TOWNSHIP, VILLAGE, Staff
from sqlalchemy import select

from audit import SYSTEM_CHAIN, entries
from workflow.errors import AnswersRefused, NotAllowed, NotFound, StepImpossible
from workflow.leave_commands import EndLeave, TakeLeave
from workflow.register import seats
from workflow.store import transaction
from workflow.store.models import Kin, Person, Seat, Task
from workflow.supervisor_commands import Reassign


def leave(staff, substitute, days=4, after=0, **changed):
    first = staff.county.today + timedelta(days=after)
    command = {"first": first, "last": first + timedelta(days=days), "reason": "leave", **changed}
    return TakeLeave(staff.actor.seat_id, substitute.actor.seat_id, **command)


def as_substitute(county, person):
    """The person on the seat that stands for somebody today."""
    with county.house.reader.connect() as conn:
        held = seats.seats_of(conn, person.actor.account_id, county.today)
    return Staff(county, next(seat for seat in held if seat.stands_for))


def of_system(county, kind):
    with county.house.reader.connect() as conn:
        return [e.entry for e in entries(conn, SYSTEM_CHAIN) if e.entry["type"] == kind]


@pytest.fixture
def colleague(county):
    return county.colleague("trev1")


def test_the_substitute_acts_and_the_holder_does_not_until_the_last_day_is_over(
    case_at, county, clock, reviewer, colleague
):
    case = case_at("audit_file")
    reviewer.does(leave(reviewer, colleague))
    (entry,) = of_system(county, "leave_registered")
    assert entry["vars"]["substitute"] == colleague.actor.account_id
    assert "reason" not in entry["vars"] and "reason" in entry["commit"], "that somebody is ill stays sealed"
    with pytest.raises(NotAllowed) as refused:
        reviewer.audits_file(case, in_doubt="no")
    assert refused.value.rule == "leave"
    assert case.reads[-1]["type"] == "attempt_refused" and case.reads[-1]["vars"]["detail"] == "leave"
    stand_in = as_substitute(county, colleague)
    clock.forward(days=5)
    reviewer.audits_file(case, in_doubt="no")
    with county.house.reader.connect() as conn:
        left = seats.seats_of(conn, colleague.actor.account_id, county.today)
    assert [seat.stands_for for seat in left] == [None] and stand_in.actor.on_behalf


def test_the_log_says_who_acted_for_whom(case_at, county, reviewer, colleague):
    case = case_at("audit_file")
    reviewer.does(leave(reviewer, colleague))
    as_substitute(county, colleague).audits_file(case, in_doubt="no")
    actor = case.entries[-1]["actor"]
    assert (actor["id"], actor["on_behalf"]) == (colleague.actor.account_id, reviewer.actor.account_id)


def test_what_a_person_has_done_keeps_that_person_away_also_as_a_substitute(case_at, county, reviewer):
    """SD-1 goes by the person: who took the papers in does not audit them, whoever is on leave."""
    case = case_at("audit_file")
    clerk = county.staff["twin1"]
    reviewer.does(leave(reviewer, clerk))
    with pytest.raises(NotAllowed) as refused:
        as_substitute(county, clerk).audits_file(case, in_doubt="no")
    assert refused.value.rule == "SD-1"


def test_a_relative_of_the_substitute_keeps_the_substitute_away(case_at, county, reviewer, colleague):
    case = case_at("audit_file")
    person = county.rows(Person, Person.id == case.row.applicant_id)[0]
    with transaction(county.house.engine) as conn:
        conn.execute(
            Kin.__table__.insert(),
            {"account_id": colleague.actor.account_id, "name": person.name, "relation": "sibling",
             "id_number": person.id_number, "filed_at": county.clock.at},
        )  # fmt: skip
    reviewer.does(leave(reviewer, colleague))
    with pytest.raises(NotAllowed) as refused:
        as_substitute(county, colleague).audits_file(case, in_doubt="no")
    assert refused.value.rule == "kin"


def test_a_step_handed_to_the_absent_goes_to_the_substitute_and_back(
    case_at, county, clock, supervisor, reviewer, colleague
):
    case = case_at("audit_file")
    reviewer.does(leave(reviewer, colleague))
    stand_in = as_substitute(county, colleague)
    command = {"reassign_reason": "load"}
    supervisor.does(Reassign(case.id, case.task("audit_file").id, stand_in.actor.seat_id, command))
    assert case.task("audit_file").assigned_seat == reviewer.actor.seat_id
    assert "handed_over" in {line.kind for line in case.inbox}
    with pytest.raises(NotAllowed) as refused:
        colleague.audits_file(case, in_doubt="no")
    assert refused.value.rule == "seat", "as a colleague it is not theirs, as the substitute it is"
    clock.forward(days=5)
    reviewer.audits_file(case, in_doubt="no")


def test_nobody_on_leave_is_handed_a_step(case_at, county, supervisor, reviewer, colleague):
    case = case_at("audit_file")
    reviewer.does(leave(reviewer, colleague))
    with pytest.raises(NotFound):
        task = case.task("audit_file").id
        supervisor.does(Reassign(case.id, task, reviewer.actor.seat_id, {"reassign_reason": "load"}))


def test_who_is_back_early_acts_again_at_once(case_at, county, reviewer, colleague):
    case = case_at("audit_file")
    reviewer.does(leave(reviewer, colleague))
    substitution = as_substitute(county, colleague).actor.seat_id
    with pytest.raises(NotAllowed):
        county.staff["tlead1"].does(EndLeave(substitution))
    reviewer.does(EndLeave(substitution))
    with pytest.raises(StepImpossible):
        reviewer.does(EndLeave(substitution))
    reviewer.audits_file(case, in_doubt="no")
    assert len(of_system(county, "leave_ended")) == 1


def test_a_leave_that_has_not_begun_suspends_nobody_and_can_be_taken_back(
    case_at, county, reviewer, colleague
):
    case = case_at("audit_file")
    reviewer.does(leave(reviewer, colleague, after=1))
    (row,) = county.rows(Seat, Seat.substitute_for == reviewer.actor.seat_id)
    reviewer.does(EndLeave(row.id))
    reviewer.does(leave(reviewer, colleague, after=1))
    reviewer.audits_file(case, in_doubt="no")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"first": date(2026, 3, 1)}, "first"),
        ({"last": date(2026, 3, 1)}, "last"),
        ({"last": date(2028, 3, 1)}, "last"),
        ({"reason": "because"}, "reason"),
        ({"reason": ""}, "reason"),
        ({"substitute": 999_999}, "substitute"),
        ({"substitute": 0}, "substitute"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(county, reviewer, colleague, changed, field):
    command = leave(reviewer, colleague)
    values = {name: getattr(command, name) for name in ("seat_id", "substitute", "first", "last", "reason")}
    with pytest.raises(AnswersRefused) as refused:
        reviewer.does(TakeLeave(**{**values, **changed}))
    assert [fault.field for fault in refused.value.faults] == [field]
    assert of_system(county, "leave_registered") == []


def test_two_leaves_do_not_overlap_and_nobody_stands_in_while_away(county, reviewer, colleague):
    third = county.colleague("trev1")
    reviewer.does(leave(reviewer, colleague))
    for command in (leave(reviewer, third, after=2), leave(colleague, third, after=4)):
        with pytest.raises(AnswersRefused):
            Staff(
                county, colleague.actor if command.seat_id != reviewer.actor.seat_id else reviewer.actor
            ).does(command)
    with pytest.raises(AnswersRefused) as refused:
        third.does(leave(third, reviewer))
    assert refused.value.faults[0].field == "substitute"
    reviewer.does(leave(reviewer, third, after=5))


def test_one_person_stands_in_for_two_with_a_seat_for_each(county, reviewer, colleague):
    third = county.colleague("trev1")
    reviewer.does(leave(reviewer, third))
    colleague.does(leave(colleague, third))
    rows = county.rows(Seat, Seat.account_id == third.actor.account_id, Seat.substitute_for.is_not(None))
    assert {row.substitute_for for row in rows} == {reviewer.actor.seat_id, colleague.actor.seat_id}


def test_posts_that_one_person_may_not_hold_together_are_not_stood_in_for(county):
    """SD-8: an administrator gets no case role, not even as a substitute."""
    administrator, handler = county.staff["adm"], county.staff["chnd"]
    with pytest.raises(AnswersRefused) as refused:
        administrator.does(leave(handler, administrator))
    assert refused.value.faults[0].field == "substitute"


def test_the_administrator_registers_for_others_and_nobody_else_does(county, reviewer, colleague):
    with pytest.raises(NotAllowed):
        county.staff["tlead1"].does(leave(reviewer, colleague))
    with pytest.raises(NotAllowed):
        county.staff["insp"].does(leave(reviewer, colleague))
    county.staff["adm"].does(leave(reviewer, colleague))
    with pytest.raises(StepImpossible):
        stand_in = as_substitute(county, colleague)
        stand_in.does(TakeLeave(stand_in.actor.seat_id, 1, county.today, county.today, "leave"))


def test_a_village_s_liaison_is_stood_in_for_by_the_village_or_the_next_one(county):
    liaison = county.staff["vlia1"]
    county.staff["vlia1"].does(leave(liaison, county.staff["vhead1"]))
    assert as_substitute(county, county.staff["vhead1"]).actor.org == VILLAGE
    with pytest.raises(AnswersRefused):  # of another township
        county.staff["vlia2"].does(leave(county.staff["vlia2"], liaison))
    assert county.rows(Seat, Seat.org == OTHER_VILLAGE, Seat.substitute_for.is_not(None)) == []


def test_warnings_reach_the_substitute_who_sees_them_from_the_own_seat(
    case_at, county, clock, supervisor, reviewer, colleague
):
    case = case_at("audit_file")
    supervisor.does(
        Reassign(case.id, case.task("audit_file").id, reviewer.actor.seat_id, {"reassign_reason": "load"})
    )
    reviewer.does(leave(reviewer, county.staff["tlead1"], days=30))
    clock.at = case.task("audit_file").due_at
    county.night()
    assert next(line.seat_id for line in case.inbox if line.kind == "deadline" and line.role == "TREV") == (
        reviewer.actor.seat_id
    )
    leader = at_the_desk(county, "tlead1")
    words = leader.opens("/inbox").words
    assert "您正替" in words and "待办1件" in words
    page = leader.opens("/work")
    moved = leader.submits(page, "/seats")
    assert "审核申请材料" in moved.words and "欧阳福根" in moved.words
    lines = leader.opens("/inbox").words
    assert "超期" in lines and case.row.number in lines


def test_the_case_names_the_substitute_and_not_the_one_who_is_away(case_at, county, reviewer):
    case = case_at("audit_file")
    clerk = county.staff["tlead1"]
    reviewer.does(leave(reviewer, clerk))
    words = at_the_desk(county, "sup1").opens(f"/cases/{case.id}").words
    acts = words.split("谁在办")[1][:40]
    assert clerk.actor.name in acts and reviewer.actor.name not in acts


def test_the_holder_registers_and_ends_a_leave_on_the_page(county, reviewer, colleague):
    desk = at_the_desk(county, "trev1")
    page = desk.opens("/leave")
    wrong = desk.submits(page, "/leave", first="2026-03-02", last="三月", substitute="")
    assert wrong.status == 422 and list(wrong.errors()) == ["last"]
    assert wrong.tree.xpath("//input[@id='first']/@value") == ["2026-03-02"]
    given = {"last": "2026-03-06", "reason": "leave", "substitute": str(colleague.actor.seat_id)}
    done = desk.submits(wrong, "/leave", **given)
    assert "已登记1条" in done.words and colleague.actor.name in done.words
    assert "这个岗位今天请假" in desk.opens("/work").words
    back = desk.submits(desk.opens("/leave"), "/leave/")
    assert "已销假" in back.words and "这个岗位今天请假" not in desk.opens("/work").words


def test_the_administrator_finds_the_seat_by_its_office(county, reviewer, colleague):
    desk = at_the_desk(county, "adm")
    page = desk.opens(f"/leave?org={TOWNSHIP}")
    link = next(
        link
        for link in page.links()
        if link.startswith("/leave?") and f"seat={reviewer.actor.seat_id}" in link
    )
    page = desk.opens(link.partition("#")[0])
    given = {"first": "2026-03-02", "last": "2026-03-06", "reason": "sick"}
    done = desk.submits(page, f"/leave?org={TOWNSHIP}", substitute=str(colleague.actor.seat_id), **given)
    assert reviewer.actor.name in done.words and "病假" in done.words
    assert at_the_desk(county, "insp").opens("/leave").status == 403


def test_the_exceptions_of_small_offices_are_listed_by_month_with_their_reason(case_at, county):
    case, other = case_at("audit_file"), county.staff["trev2"]
    county.correct(Seat, Seat.id == county.staff["trev1"].actor.seat_id, valid_to=date(2026, 3, 1))
    why = {"reassign_reason": "small_office", "reassign_words": "本镇只有一名审核人员，已经调离。"}
    with county.house.reader.connect() as conn:
        task = conn.scalar(select(Task.id).where(Task.case_id == case.id, Task.node == "audit_file"))
    county.staff["sup-msb"].does(Reassign(case.id, task, other.actor.seat_id, why))
    for login in ("insp", "sup-msb", "sup1"):
        words = at_the_desk(county, login).opens("/supervise/exceptions").words
        assert "2026年3月1件" in words and "已经调离" in words and other.actor.name in words
    inspector = at_the_desk(county, "insp")
    assert "这个月没有" in inspector.opens("/supervise/exceptions?month=2026-02").words
    assert inspector.opens("/supervise/exceptions?month=x").status == 200
    assert case.row.number not in at_the_desk(county, "sup2").opens("/supervise/exceptions").words
    assert at_the_desk(county, "trev2").opens("/supervise/exceptions").status == 403
