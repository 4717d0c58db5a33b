"""检查问题: pinned to an entry, sent, answered within D36, accepted, looked at again, closed."""

from datetime import timedelta

import pytest
from small_county import TOWNSHIP, paper

from audit import READS, SYSTEM_CHAIN, chain_of, entries
from bpmn import Text
from workflow.errors import AnswersRefused, NotAllowed, NotFound, StepImpossible
from workflow.finding_commands import (
    AcceptFinding,
    AnswerFinding,
    CloseFinding,
    DiscardFinding,
    DraftFinding,
    RemindOfFinding,
    ReturnFinding,
    SendFinding,
)
from workflow.findings.states import MOVES, OVER, STATES, UNSENT, after, possible
from workflow.store.models import Finding, FindingMove, InboxMessage, Paper

WORDS = {
    "finding_facts": "第3条的公示照片与另一村的相同，公示没有贴满七天。",
    "finding_rule": "三榜公示须满7日",
    "finding_asked": "查明原因，重新公示，说明责任人。",
}
ANSWER = {"finding_answer_words": "已经重新公示，照片重新拍摄，责任人作了说明。"}
BACK = {"finding_return_words": "没有说明责任人，请补充。"}
ACCEPTED = {"relook_on": "2026-06-01"}
CLOSED = {"finding_closing_words": "抽看三件，公示都贴满七日。"}


@pytest.fixture
def case(case_at):
    return case_at("audit_file")


@pytest.fixture
def insp(county):
    return county.staff["insp"]


@pytest.fixture
def leader(county):
    return county.staff["tlead1"]


def pinned(case, **more):
    return DraftFinding(case.id, 2, TOWNSHIP, WORDS, (1, 3), **more)


def sent(county, insp, case):
    insp.does(pinned(case))
    number = county.rows(Finding)[-1].id
    insp.does(SendFinding(case.id, number))
    return number


def log_of(county, chain=SYSTEM_CHAIN):
    with county.house.reader.connect() as conn:
        return [one.entry for one in entries(conn, chain)]


def told(county, kind):
    return {(row.org, row.role) for row in county.rows(InboxMessage, InboxMessage.kind == kind)}


def finding(county):
    return county.rows(Finding)[-1]


def test_a_draft_stands_in_the_log_of_reads_and_nowhere_else(county, case, insp):
    before, mine = log_of(county), len(case.entries)
    papers = [row.id for row in county.rows(Paper, Paper.case_id == case.id)[:2]]
    insp.does(pinned(case, papers=tuple(papers), flag="RF-09"))
    entry = log_of(county, chain_of(SYSTEM_CHAIN, READS))[-1]
    assert entry["type"] == "finding_drafted" and entry["vars"]["flag"] == "RF-09"
    assert entry["vars"]["entries"] == [1, 3] and len(entry["attach"]) == 2
    assert entry["commit"].keys() == set(WORDS), "the texts are sealed"
    assert log_of(county) == before and len(case.entries) == mine
    assert not county.rows(InboxMessage, InboxMessage.kind == "finding_sent")


def test_from_the_finding_to_the_end(county, clock, case, insp, leader):
    mine = len(case.entries)
    number = sent(county, insp, case)
    assert finding(county).answer_by.astimezone(clock.at.tzinfo).date().isoformat() > "2026-03-02"
    assert told(county, "finding_sent") == {(TOWNSHIP, "SUP"), (TOWNSHIP, "TLEAD")}
    leader.does(AnswerFinding(case.id, number, ANSWER, (paper("posting_photo"),)))
    assert finding(county).next_alarm_at is None
    assert told(county, "finding_answered") == {("360829-inspection", "INSP")}
    insp.does(ReturnFinding(case.id, number, BACK))
    leader.does(AnswerFinding(case.id, number, ANSWER))
    insp.does(AcceptFinding(case.id, number, ACCEPTED))
    clock.to("2026-06-01")
    county.night()
    assert told(county, "finding_relook") == {("360829-inspection", "INSP")}
    insp.does(CloseFinding(case.id, number, CLOSED))
    assert finding(county).state == "closed"
    kinds = [entry["type"] for entry in log_of(county) if entry["type"].startswith("finding_")]
    assert [kind for kind in kinds if kind != "finding_reminded"] == [
        "finding_sent", "finding_answered", "finding_returned", "finding_answered",
        "finding_accepted", "finding_closed",
    ]  # fmt: skip
    assert [row.move for row in county.rows(FindingMove)] == [
        "draft", "send", "answer", "return", "answer", "accept", "close",
    ]  # fmt: skip
    assert {entry["type"] for entry in case.entries[mine:]} <= {"alarm_raised"}, "nothing of it (SD-8)"


def test_ten_working_days_and_then_it_is_late_for_both_sides(county, clock, case, insp):
    case_rest = case.row.state
    sent(county, insp, case)
    day = finding(county).answer_by.astimezone(clock.at.tzinfo)
    between = [clock.at.date() + timedelta(days=n) for n in range(1, (day.date() - clock.at.date()).days)]
    assert sum(county.house.calendar().is_working(one) for one in between) == 10
    clock.at = day
    county.night()
    lines = [
        (row.org, row.role, row.params["level"])
        for row in county.rows(InboxMessage, InboxMessage.kind == "deadline")
        if row.params.get("finding")
    ]
    assert (TOWNSHIP, "TLEAD", "overdue") in lines and ("360829-inspection", "INSP", "overdue") in lines
    assert (TOWNSHIP, "TLEAD", "warn") in lines
    assert len(lines) == len(set(lines)), "each once"
    levels = [entry["vars"]["level"] for entry in log_of(county) if entry["type"] == "finding_reminded"]
    assert levels == ["warn", "warn2", "overdue"]
    assert case.row.state == case_rest


def test_an_answer_that_came_ends_the_warnings(county, clock, case, insp, leader):
    number = sent(county, insp, case)
    leader.does(AnswerFinding(case.id, number, ANSWER))
    clock.forward(days=60)
    county.night()
    assert not [e for e in log_of(county) if e["type"] == "finding_reminded"]
    with pytest.raises(StepImpossible):
        insp.does(RemindOfFinding(case.id, number))


def test_others_can_neither_find_nor_answer(county, case, insp):
    with pytest.raises(NotAllowed):
        county.staff["sup-msb"].does(pinned(case))
    number = sent(county, insp, case)
    for login in ("trev1", "tlead2", "insp"):
        with pytest.raises(NotAllowed):
            county.staff[login].does(AnswerFinding(case.id, number, ANSWER))
    for login in ("tlead1", "sup-msb"):
        with pytest.raises(NotAllowed):
            county.staff[login].does(CloseFinding(case.id, number, CLOSED))
    tried = [entry["vars"]["action"] for entry in case.reads if entry["type"] == "attempt_refused"]
    assert tried.count("AnswerFinding") == 3


def test_what_was_not_sent_is_nothing_to_the_office(county, case, insp, leader):
    insp.does(pinned(case))
    number = finding(county).id
    with pytest.raises(NotFound):
        leader.does(AnswerFinding(case.id, number, ANSWER))
    insp.does(pinned(case, finding_id=number))
    insp.does(DiscardFinding(case.id, number))
    with pytest.raises(StepImpossible):
        insp.does(SendFinding(case.id, number))
    assert not [e for e in log_of(county) if e["type"].startswith("finding_")]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"answers": {**WORDS, "finding_facts": "欧阳福根家的收入没有核实，差得很远。"}}, "finding_facts"),
        ({"answers": {**WORDS, "finding_asked": "查清362429196301010056的情况"}}, "finding_asked"),
        ({"answers": {**WORDS, "finding_rule": ""}}, "finding_rule"),
        ({"org": "360829-inspection"}, "org"),
        ({"org": "360829101000"}, "org"),
        ({"entries": (1, 999)}, "entries"),
        ({"flag": "see RF-07; and"}, "flag"),
    ],
)
def test_a_finding_that_is_not_fit_to_be_kept_is_refused(case, insp, change, field):
    whole = {"case_id": case.id, "entry": 2, "org": TOWNSHIP, "answers": WORDS, **change}
    with pytest.raises(AnswersRefused) as refused:
        insp.does(DraftFinding(**whole))
    assert {fault.field for fault in refused.value.faults} == {field}


def test_an_amount_may_be_named(county, case, insp):
    words = {**WORDS, "finding_facts": "多付了4,800元，起付线没有扣除。"}
    insp.does(DraftFinding(case.id, 2, TOWNSHIP, words))
    assert finding(county).state == "drafted"


def test_every_state_but_the_last_leads_on_and_no_move_is_made_from_nowhere():
    for state in STATES:
        onward = [name for name in MOVES if possible(state, name)]
        assert bool(onward) is (state not in OVER)
    for move in MOVES.values():
        for state in STATES:
            if state in move.frm:
                assert after(state, move.name) == move.to
            else:
                with pytest.raises(StepImpossible):
                    after(state, move.name)
    assert {move.name for move in MOVES.values() if move.hidden} == {"draft", "discard"}
    assert {move.to for move in MOVES.values() if move.hidden} == UNSENT
    assert all(isinstance(words, Text) for words in STATES.values())
