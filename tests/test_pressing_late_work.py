"""A supervisor presses: 催办, 改派, 挂牌督办, 延期. One entry each; only an extension moves a due date."""

from datetime import date, datetime, timedelta

import pytest
from small_county import OTHER_TOWNSHIP, TOWNSHIP, VILLAGE
from sqlalchemy import insert, update

from workflow.actor import Actor
from workflow.deadlines import SHANGHAI
from workflow.errors import AnswersRefused, NotAllowed, NotFound, Stale, StepImpossible
from workflow.letters import write
from workflow.store import transaction
from workflow.store.models import Assignment, Clock, Extension, Kin, Letter, Person, Seat, Supervision, Task
from workflow.supervisor_commands import (
    AnswerSupervision,
    EndSupervision,
    ExtendDeadline,
    PutUnderSupervision,
    Reassign,
    RefuseExtension,
    RequestExtension,
    Urge,
)

WORDS = {"urge_words": "本周五下班前办完，有困难今天回电话。"}
EXTENDED = {
    "extension_units": "2",
    "extension_reason": "away",
    "extension_words": "申请人一家外出务工，约定下周二入户核实。",
}
SUPERVISED = {"answer_by": "2026-03-13", "supervision_words": "说明为什么没有按时审核，并写明哪天办完。"}
ANSWER = {"answer_cause": "staff", "answer_words": "本所只有一人审核，已抽调一人协助，三天内办完。"}
HANDED = {"reassign_reason": "load"}
DUE = ("due_at", "warn_at", "paused")


def last(case):
    return case.entries[-1]


def times(case):
    return {node: tuple(getattr(row, key) for key in DUE) for node, row in case.open.items()}


def urge(case, node="audit_file", **words):
    return Urge(case.id, case.task(node).id, {**WORDS, **words})


def supervise(case, node="audit_file", **answers):
    return PutUnderSupervision(case.id, case.task(node).id, {**SUPERVISED, **answers})


def hand_over(case, seat, node="audit_file", **answers):
    return Reassign(case.id, case.task(node).id, seat, {**HANDED, **answers})


def extend(case, limit="D05", **answers):
    return ExtendDeadline(case.id, case.clock(limit).id, {**EXTENDED, **answers})


def inbox(case, kind):
    return [(line.org, line.role, line.seat_id) for line in case.inbox if line.kind == kind]


@pytest.fixture
def second_reviewer(county):
    """A colleague at the same desk."""
    return county.colleague("trev1")


# --- 催办


def test_urging_tells_the_holder_and_leaves_the_due_date_alone(case_at, supervisor):
    case = case_at("audit_file")
    before, entries = times(case), len(case.entries)
    supervisor.does(urge(case))
    assert inbox(case, "urged") == [(TOWNSHIP, "TREV", None)]
    assert times(case) == before and len(case.entries) == entries + 1
    assert last(case)["type"] == "step_urged"
    assert last(case)["commit"].keys() == {"urge_words"}, "the words lie sealed"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("欧阳福根家的事抓紧办", "姓名"),
        ("这一家是肝癌，抓紧办", "病情"),
        ("金额4875元，抓紧办完", "金额"),
        ("身份证360829195501011234的抓紧", "身份证号"),
        ("打他电话13900001111催一下", "手机号"),
    ],
)
def test_the_words_of_a_supervisor_name_nobody_and_no_illness(case_at, supervisor, words, kind):
    case = case_at("audit_file")
    with pytest.raises(AnswersRefused) as refused:
        supervisor.does(urge(case, urge_words=words))
    assert kind in refused.value.faults[0].message.zh and refused.value.faults[0].field == "urge_words"
    assert last(case)["type"] != "step_urged"


@pytest.mark.parametrize("login", ["sup2", "sup-finance", "trev1", "insp", "adm"])
def test_only_a_supervisor_who_answers_for_the_office_presses(case_at, county, login):
    case = case_at("audit_file")
    for command in (urge(case), supervise(case), hand_over(case, 1), extend(case)):
        with pytest.raises(NotAllowed):
            county.staff[login].does(command)
    assert case.reads[-1]["type"] == "attempt_refused"


def test_a_township_does_not_press_the_county_but_the_bureau_presses_the_township(case_at, county):
    case = case_at("examine_file")
    with pytest.raises(NotAllowed):
        county.staff["sup1"].does(urge(case, "examine_file"))
    county.staff["sup-msb"].does(urge(case, "examine_file"))
    other = case_at("audit_file")
    county.staff["sup-msb"].does(urge(other))


def test_the_finance_bureau_s_supervisor_presses_his_own_house(case_at, county):
    case = case_at("recheck_payment")
    county.staff["sup-finance"].does(urge(case, "recheck_payment"))
    with pytest.raises(NotAllowed):
        county.staff["sup-finance"].does(urge(case_at("examine_file"), "examine_file"))


def test_a_step_that_is_done_or_only_waits_cannot_be_pressed(case_at, supervisor, reviewer):
    case = case_at("audit_file")
    done = urge(case)
    reviewer.audits_file(case, in_doubt="no")
    with pytest.raises(Stale):
        supervisor.does(done)
    waiting = case_at("public_notice")
    with pytest.raises(NotFound):
        supervisor.does(urge(waiting, "public_notice"))


# --- 改派


def test_a_step_goes_to_one_seat_and_to_nobody_else(case_at, supervisor, reviewer, second_reviewer):
    case = case_at("audit_file")
    before = times(case)
    supervisor.does(hand_over(case, second_reviewer.actor.seat_id))
    assert inbox(case, "handed_over") == [(TOWNSHIP, "TREV", second_reviewer.actor.seat_id)]
    assert times(case) == before
    with pytest.raises(NotAllowed) as refused:
        reviewer.audits_file(case, in_doubt="no")
    assert refused.value.rule == "seat"
    second_reviewer.audits_file(case, in_doubt="no")


def test_a_step_can_be_handed_on_but_not_to_whoever_has_it(case_at, supervisor, reviewer, second_reviewer):
    case = case_at("audit_file")
    supervisor.does(hand_over(case, second_reviewer.actor.seat_id))
    with pytest.raises(StepImpossible):
        supervisor.does(hand_over(case, second_reviewer.actor.seat_id))
    supervisor.does(hand_over(case, reviewer.actor.seat_id))
    reviewer.audits_file(case, in_doubt="no")
    assert len(supervisor.county.rows(Assignment, Assignment.case_id == case.id)) == 2


def test_nobody_gets_what_they_may_not_do(case_at, county, supervisor, reviewer, second_reviewer):
    """Another role, a relative, or somebody who has done an excluded step: the rule is named."""
    case = case_at("sign_opinion")
    with pytest.raises(NotFound):  # the post is not the step's
        supervisor.does(hand_over(case, reviewer.actor.seat_id, "sign_opinion"))
    posting = case_at("confirm_posting_village")  # the liaison has put the list up
    also_head = county.second_seat("vlia1", "VHEAD", VILLAGE)
    with pytest.raises(NotAllowed) as refused:
        supervisor.does(hand_over(posting, also_head.actor.seat_id, "confirm_posting_village"))
    assert refused.value.rule == "SD-7" and also_head.actor.name in refused.value.message.zh
    audit = case_at("audit_file")
    relative = county.rows(Person, Person.id == audit.row.applicant_id)[0]
    with transaction(county.house.engine) as conn:
        conn.execute(
            insert(Kin),
            {"account_id": second_reviewer.actor.account_id, "name": relative.name, "relation": "sibling",
             "id_number": relative.id_number, "filed_at": county.clock.at},
        )  # fmt: skip
    with pytest.raises(NotAllowed) as kin:
        supervisor.does(hand_over(audit, second_reviewer.actor.seat_id))
    assert kin.value.rule == "kin"


def test_a_substitute_of_the_chosen_seat_does_it_in_its_place(case_at, county, supervisor, second_reviewer):
    case = case_at("audit_file")
    supervisor.does(hand_over(case, second_reviewer.actor.seat_id))
    stand_in = county.colleague("trev1")
    actor = stand_in.actor
    substitute = Actor(
        actor.account_id, actor.seat_id, actor.role, actor.org, actor.name,
        second_reviewer.actor.seat_id, second_reviewer.actor.account_id,
    )  # fmt: skip
    with pytest.raises(NotAllowed):
        stand_in.audits_file(case, in_doubt="no")
    stand_in.actor = substitute
    stand_in.audits_file(case, in_doubt="no")
    assert last(case)["actor"]["on_behalf"] == second_reviewer.actor.account_id
    assert last(case)["actor"]["id"] == actor.account_id


def test_only_the_county_names_a_reviewer_of_another_township_and_only_where_there_is_nobody(case_at, county):
    """SD-11: the exception stands in the log and in the list."""
    case = case_at("audit_file")
    other = county.staff["trev2"]
    why = {"reassign_words": "本镇只有一名审核人员，已经调离。"}
    small = {"reassign_reason": "small_office", **why}
    with pytest.raises(NotAllowed) as there_is_somebody:
        county.staff["sup-msb"].does(hand_over(case, other.actor.seat_id, **small))
    assert there_is_somebody.value.rule == "SD-11"
    with transaction(county.house.engine) as conn:
        conn.execute(
            update(Seat)
            .where(Seat.id == county.staff["trev1"].actor.seat_id)
            .values(valid_to=date(2026, 3, 1))
        )
    with pytest.raises(NotAllowed):
        county.staff["sup1"].does(hand_over(case, other.actor.seat_id, **small))
    for half in (why, {"reassign_reason": "small_office"}):
        with pytest.raises(AnswersRefused):
            county.staff["sup-msb"].does(hand_over(case, other.actor.seat_id, **half))
    county.staff["sup-msb"].does(hand_over(case, other.actor.seat_id, **small))
    assert last(case)["vars"]["exception"] == "SD-11"
    assert case.task("audit_file").org == OTHER_TOWNSHIP
    other.audits_file(case, in_doubt="no")
    (row,) = county.rows(Assignment, Assignment.exception)
    assert row.from_org == TOWNSHIP


def test_a_village_s_step_stays_in_the_village(case_at, county):
    case = case_at("enquire")
    with transaction(county.house.engine) as conn:
        conn.execute(update(Seat).where(Seat.org == VILLAGE).values(valid_to=date(2026, 3, 1)))
    head = county.staff["vhead2"].actor.seat_id
    liaison = county.staff["vlia2"].actor.seat_id
    role = case.task("enquire").role
    with pytest.raises(NotAllowed):
        county.staff["sup-msb"].does(
            hand_over(case, head if role == "VHEAD" else liaison, "enquire", reassign_reason="small_office")
        )


# --- 挂牌督办


def test_the_office_owes_an_answer_and_gives_it(case_at, county, supervisor, reviewer):
    case = case_at("audit_file")
    before = times(case)
    supervisor.does(supervise(case))
    (row,) = county.rows(Supervision, Supervision.case_id == case.id)
    assert row.answer_by == datetime(2026, 3, 14, tzinfo=SHANGHAI)
    assert inbox(case, "supervised") == [(TOWNSHIP, "TREV", None), (TOWNSHIP, "TLEAD", None)]
    with pytest.raises(StepImpossible):
        supervisor.does(supervise(case))
    with pytest.raises(StepImpossible):
        supervisor.does(EndSupervision(case.id, row.id))
    reviewer.does(AnswerSupervision(case.id, row.id, ANSWER))
    assert inbox(case, "answered") == [(TOWNSHIP, "SUP", None)]
    supervisor.does(EndSupervision(case.id, row.id))
    with pytest.raises(StepImpossible):
        reviewer.does(AnswerSupervision(case.id, row.id, ANSWER))
    assert times(case) == before
    assert [entry["type"] for entry in case.entries[-3:]] == [
        "put_under_supervision", "supervision_answered", "supervision_ended",
    ]  # fmt: skip


def test_the_township_s_leader_may_answer_and_others_may_not(case_at, county, supervisor):
    case = case_at("audit_file")
    supervisor.does(supervise(case))
    (row,) = county.rows(Supervision, Supervision.case_id == case.id)
    for login in ("twin1", "tlead2", "chnd", "insp"):
        with pytest.raises(NotAllowed):
            county.staff[login].does(AnswerSupervision(case.id, row.id, ANSWER))
    county.staff["tlead1"].does(AnswerSupervision(case.id, row.id, ANSWER))
    with pytest.raises(NotFound):
        county.staff["tlead1"].does(AnswerSupervision(case_at("audit_file").id, row.id, ANSWER))


def test_an_answer_that_does_not_come_is_told_once(case_at, county, clock, supervisor):
    case = case_at("audit_file")
    supervisor.does(supervise(case))
    clock.to("2026-03-13", "23:59")
    county.night()
    assert inbox(case, "answer_overdue") == []
    clock.to("2026-03-14", "00:00")
    county.night()
    county.night()
    assert inbox(case, "answer_overdue") == [
        (TOWNSHIP, "TREV", None), (TOWNSHIP, "TLEAD", None), (TOWNSHIP, "SUP", None),
    ]  # fmt: skip


# --- 延期


def test_an_extension_moves_the_due_date_once_and_writes_to_the_applicant(case_at, county, supervisor):
    case = case_at("audit_file")
    before = case.clock("D05").due_at
    supervisor.does(extend(case))
    clock = case.clock("D05")
    assert clock.due_at > before and (clock.extended_by, clock.extended_at) == (2, county.clock.at)
    assert case.open["audit_file"].due_at == clock.due_at
    entry = last(case)
    assert entry["type"] == "deadline_extended" and entry["vars"]["letter"] == "extension_notice"
    assert "延长2个工作日" in entry["vars"]["why"] and "申请人一家" not in str(entry["vars"])
    (letter,) = county.rows(Letter, Letter.case_id == case.id, Letter.kind == "extension_notice")
    text = "".join(write(county.house.rules().rulebook.letters[letter.kind], letter.fields).paragraphs)
    assert "延长2个工作日" in text and "不能按期办完" in text and "约定下周二入户" in text
    with pytest.raises(StepImpossible):
        supervisor.does(extend(case))
    (row,) = county.rows(Extension, Extension.case_id == case.id)
    assert row.granted and row.asked_seq == row.decided_seq == entry["seq"]


def test_at_most_half_and_only_before_the_end(case_at, clock, supervisor):
    case = case_at("audit_file")
    with pytest.raises(AnswersRefused) as refused:
        supervisor.does(extend(case, extension_units="3"))
    assert refused.value.faults[0].message.zh == "最多延长2个工作日"
    clock.at = case.clock("D05").due_at
    with pytest.raises(StepImpossible):
        supervisor.does(extend(case))
    clock.at -= timedelta(minutes=1)
    supervisor.does(extend(case))


def test_a_posting_and_a_limit_without_a_half_are_not_extended(case_at, supervisor):
    posting = case_at("public_notice")
    with pytest.raises(StepImpossible, match="cannot be extended"):
        supervisor.does(extend(posting, "D04"))
    passing = case_at("pass_on_papers")
    with pytest.raises(StepImpossible, match="cannot be extended"):
        supervisor.does(extend(passing, "M01"))
    with pytest.raises(NotFound):
        supervisor.does(ExtendDeadline(passing.id, 999, EXTENDED))


def test_a_supplement_that_is_extended_is_waited_for_longer_in_the_diagram(
    case_at, county, clock, supervisor
):
    """D02 is a timer of the diagram: it moves with the clock, and replay knows."""
    incomplete = {"acceptance": "incomplete", "missing": ["passbook"], "missing_note": "存折复印件"}
    case = case_at("receive_supplement", {"check_papers": {**incomplete, "help_offered": "none"}})
    before = case.clock("D02").due_at
    supervisor.does(extend(case, "D02", extension_units="5"))
    clock.at = before
    assert county.night().timers == 0 and "receive_supplement" in case.open
    clock.at = case.clock("D02").due_at
    assert county.night().timers == 1 and "receive_supplement" not in case.open


def test_after_the_extension_the_warnings_not_yet_given_come_later(case_at, county, clock, supervisor):
    case = case_at("audit_file")
    supervisor.does(extend(case))
    seen = []
    for _ in range(16):
        clock.forward(days=1)
        if county.night().alarms:
            seen.append(last(case)["vars"]["level"])
    assert seen == ["warn", "warn2", "overdue", "second"]


def test_an_office_asks_and_the_supervisor_grants_or_refuses(case_at, county, supervisor, reviewer):
    case = case_at("audit_file")
    asked = RequestExtension(case.id, case.clock("D05").id, EXTENDED)
    reviewer.does(asked)
    assert inbox(case, "extension_asked") == [(TOWNSHIP, "SUP", None)]
    with pytest.raises(StepImpossible):
        reviewer.does(asked)
    (row,) = county.rows(Extension, Extension.case_id == case.id)
    refusal = RefuseExtension(case.id, row.id, {"refusal_words": "可以先电话核实，不用延期。"})
    with pytest.raises(NotAllowed):
        reviewer.does(refusal)
    supervisor.does(refusal)
    assert inbox(case, "extension_refused") == [(TOWNSHIP, "TREV", None)]
    with pytest.raises(StepImpossible):
        supervisor.does(refusal)
    reviewer.does(asked)
    supervisor.does(extend(case))
    assert inbox(case, "extension_granted") == [(TOWNSHIP, "TREV", None)]
    assert [row.granted for row in county.rows(Extension, Extension.case_id == case.id)] == [False, True]
    with pytest.raises(NotFound):
        supervisor.does(RefuseExtension(case.id, 999, refusal.answers))


def test_a_request_refused_after_the_step_was_done_still_names_its_limit(
    case_at, county, supervisor, reviewer
):
    case = case_at("audit_file")
    reviewer.does(RequestExtension(case.id, case.clock("D05").id, EXTENDED))
    county.drive(case, "deliver_letter", {})
    assert case.clock("D05").stopped_at is not None
    (row,) = county.rows(Extension, Extension.case_id == case.id)
    supervisor.does(RefuseExtension(case.id, row.id, {"refusal_words": "这一步已经办完，不用延期。"}))
    assert last(case)["vars"]["limit"] == "D05"
    told = [line.params for line in case.inbox if line.kind == "extension_refused"]
    assert told == [{"limit": "D05", "extension": row.id}]


def test_only_the_office_of_the_step_asks_for_more_time(case_at, county):
    case = case_at("audit_file")
    for login in ("trev2", "chnd", "vlia1", "twin1"):
        with pytest.raises(NotAllowed):
            county.staff[login].does(RequestExtension(case.id, case.clock("D05").id, EXTENDED))
    county.staff["tlead1"].does(RequestExtension(case.id, case.clock("D05").id, EXTENDED))


def test_nothing_else_moves_a_due_date(case_at, county, supervisor):
    """RF-35: of all that a supervisor does only an extension changes a clock's end."""
    case = case_at("audit_file")
    colleague = county.colleague("trev1")
    ends = [(row.id, row.due_at) for row in county.rows(Clock, Clock.case_id == case.id)]
    for command in (urge(case), supervise(case), hand_over(case, colleague.actor.seat_id)):
        supervisor.does(command)
    assert [(row.id, row.due_at) for row in county.rows(Clock, Clock.case_id == case.id)] == ends
    assert {row.due_at for row in county.rows(Task, Task.case_id == case.id) if row.clock_id} <= {
        at for _, at in ends
    }
