"""Reviewing in the village: the representatives vote, the head signs (domain 2.1 step 3, 4.5)."""

import pytest

from workflow.demo.staff import REPRESENTATIVES
from workflow.errors import AnswersRefused, NotAllowed

LOST = {"votes_yes": 5, "votes_no": 10, "votes_abstain": 2}
CONCLUSION = "代表们看了结算单，走访了邻居，认为情况属实，同意救助，全体通过。"
REASONS = "到会代表认为这一家去年有经营收入没有申报，要求核实后再评议。"


def told(refused: pytest.ExceptionInfo[AnswersRefused]) -> str:
    return "".join(fault.message.zh for fault in refused.value.faults)


def signed_by(number: int) -> str:
    return "、".join(REPRESENTATIVES[:number])


@pytest.mark.parametrize(
    ("signers", "said"),
    [
        ("、".join([*REPRESENTATIVES[:16], "路过的人"]), "路过的人不在代表名册上"),
        ("、".join([*REPRESENTATIVES[:16], REPRESENTATIVES[0]]), "写了不止一次"),
        (signed_by(16), "写了16个姓名"),
    ],
)
def test_whoever_signs_is_a_different_person_on_the_list(case_at, village_liaison, signers, said):
    case = case_at("record_review")
    with pytest.raises(AnswersRefused) as refused:
        village_liaison.records_review(case, signers=signers)
    assert [fault.field for fault in refused.value.faults] == ["signers"] and said in told(refused)


def test_a_review_with_nine_signatures_is_not_a_review(case_at, village_liaison):
    """Fugu's rule: at least ten representatives sign."""
    case = case_at("record_review")
    with pytest.raises(AnswersRefused) as refused:
        village_liaison.records_review(case, signatures=9)
    assert "至少要10名" in told(refused)
    village_liaison.records_review(case, signatures=10, signers=signed_by(10))
    assert set(case.open) == {"sign_review"}


def test_the_votes_add_up_to_those_who_voted(case_at, village_liaison):
    case = case_at("record_review")
    with pytest.raises(AnswersRefused) as refused:
        village_liaison.records_review(case, votes_yes=14, votes_no=1, votes_abstain=1)
    assert {fault.field for fault in refused.value.faults} == {"votes_yes", "votes_no", "votes_abstain"}
    assert "合计应等于" in told(refused)


def test_those_who_withdrew_do_not_vote(case_at, village_liaison):
    case = case_at("record_review")
    with pytest.raises(AnswersRefused):
        village_liaison.records_review(case, voters_withdrawn=2, withdrawn_names="两名代表，兄弟")
    village_liaison.records_review(
        case, voters_withdrawn=2, withdrawn_names="两名代表，兄弟", votes_yes=12, votes_no=1, votes_abstain=2
    )
    assert case.entries[-1]["vars"]["answers"]["voters_withdrawn"] == 2


def test_the_record_and_the_minutes_belong_to_the_review(case_at, village_liaison):
    case = case_at("record_review")
    with pytest.raises(AnswersRefused) as refused:
        village_liaison.records_review(case, papers=())
    assert {fault.field for fault in refused.value.faults} == {"paper_review_record", "paper_meeting_minutes"}


def test_whoever_records_the_review_does_not_sign_it(case_at, county, village_liaison):
    liaison_as_head = county.second_seat("vlia1", "VHEAD", village_liaison.actor.org)
    case = case_at("sign_review")
    with pytest.raises(NotAllowed) as refused:
        liaison_as_head.signs_review(case)
    assert refused.value.rule == "SD-1"
    assert case.reads[-1]["type"] == "attempt_refused"
    assert set(case.open) == {"sign_review"}


def test_a_passed_review_is_posted(case_at, village_head):
    case = case_at("sign_review")
    village_head.signs_review(case)
    assert set(case.open) == {"post_review_result"}
    assert case.state == "NOTICE_1"


def test_half_of_the_votes_is_not_a_majority(case_at, village_liaison, village_head):
    case = case_at("record_review")
    village_liaison.records_review(
        case,
        voters_present=16,
        signatures=16,
        signers=signed_by(16),
        votes_yes=8,
        votes_no=8,
        votes_abstain=0,
    )
    village_head.signs_review(case, review_reasons=REASONS)
    assert set(case.open) == {"tell_review_result"}


def test_who_does_not_pass_gets_the_reasons_in_writing(case_at, village_head):
    case = case_at("sign_review", {"record_review": LOST})
    with pytest.raises(AnswersRefused) as refused:
        village_head.signs_review(case, review_reasons="")
    assert {fault.field for fault in refused.value.faults} == {"review_reasons"}
    village_head.signs_review(case, review_reasons=REASONS)
    note = case.letters["review_note"]
    assert note.fields["reason"] == REASONS
    assert "5票" in note.fields["votes"]


def test_who_does_not_pass_may_ask_the_township_directly(case_at, village_liaison):
    case = case_at("tell_review_result", {"record_review": LOST})
    village_liaison.tells_review_result(case, after_review="go_on")
    assert set(case.open) == {"audit_file"}
    assert case.state == "TOWNSHIP_CHECK"
    assert not case.postings  # a lost review is not posted


def test_who_does_not_pass_may_give_up(case_at, village_liaison):
    case = case_at("tell_review_result", {"record_review": LOST})
    village_liaison.tells_review_result(case, after_review="withdraw")
    assert not case.open
    assert (case.state, case.row.outcome) == ("WITHDRAWN", "withdrawn")
    assert case.row.closed_at is not None


def test_the_log_holds_the_votes_but_not_the_words(case_at, county, village_liaison):
    case = case_at("record_review")
    village_liaison.records_review(case, chair="欧阳福根", conclusion=CONCLUSION)
    entry = case.entries[-1]
    assert entry["vars"]["answers"]["votes_yes"] == 14
    assert {"chair", "conclusion", "place", "meeting_date"} <= set(entry["commit"])
    sealed = county.house.vault
    with county.house.reader.connect() as conn:
        assert sealed.open(conn, case.id, entry["seq"])["chair"] == "欧阳福根"
