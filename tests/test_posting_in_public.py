"""Posting in public: seven days, masked on the web, objections and their answers (domain 2.10, 10.6)."""

from datetime import date, datetime

import pytest
from small_county import OBJECTION, SHANGHAI, Staff
from sqlalchemy import update

from workflow.actor import PUBLIC
from workflow.commands import ReceiveObjection
from workflow.errors import AnswersRefused, NotAllowed, NotFound, StepImpossible
from workflow.register.masking import NotPublishable
from workflow.store import transaction
from workflow.store.models import Household

FOUND = "走访了两户邻居并看了打工收入证明，异议所说的收入是前年的，今年没有。"
ANSWER = "经入户核查，您反映的情况是前年的，今年没有，公示继续。"


def midnight(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), SHANGHAI)


@pytest.fixture
def posted(case_at, clock, village_liaison):
    """The review's result hangs since Monday, 2 March."""
    case = case_at("post_review_result")
    village_liaison.posts_review_result(case)
    return case


def rechecks(case, clerk, investigator, result: str, named: bool = False) -> None:
    clerk.registers_objection(case, objection_named=named)
    answer = {"answer": ANSWER} if named else {}
    investigator.rechecks_objection(case, objection_result=result, findings=FOUND, **answer)


def test_a_posting_hangs_seven_full_days_and_comes_down_by_itself(posted, county, clock):
    (posting,) = posted.postings
    assert posting.ends_at == midnight("2026-03-10")  # the day it is put up does not count
    clock.to("2026-03-09", "23:59")
    county.night()
    assert posted.open["public_notice"]
    clock.at = posting.ends_at
    county.night()
    assert set(posted.open) == {"confirm_posting_village"}
    assert posted.postings[0].taken_down_at == clock.at


def test_the_web_shows_a_masked_name_and_the_board_the_head_of_the_household(posted):
    (posting,) = posted.postings
    assert posting.masked["name"] == "欧阳*根"
    assert posting.board["name"] == "欧阳福根"
    assert posting.masked["group"] == "第三组"
    assert posting.masked["size"] == 3
    assert posting.masked["amount"] is None  # the review says nothing about money
    assert posting.masked.keys() == {"name", "group", "village", "size", "amount"}


def test_the_second_posting_shows_the_proposed_amount(case_at, clerk):
    case = case_at("post_audit_opinion")
    clerk.posts_audit_opinion(case)
    assert case.postings[-1].masked["amount"] == "4875.00"


def test_a_photo_shows_that_it_hangs(case_at, village_liaison):
    case = case_at("post_review_result")
    with pytest.raises(AnswersRefused) as refused:
        village_liaison.posts_review_result(case, papers=())
    assert [fault.field for fault in refused.value.faults] == ["paper_photo_start"]


def test_whoever_put_it_up_does_not_confirm_that_it_stayed(posted, county, clock, village_liaison):
    clock.at = posted.postings[0].ends_at
    county.night()
    poster_as_head = county.second_seat("vlia1", "VHEAD", village_liaison.actor.org)
    with pytest.raises(NotAllowed) as refused:
        poster_as_head.completes("confirm_posting_village", posted)
    assert refused.value.rule == "SD-7"
    county.staff["vhead1"].completes("confirm_posting_village", posted)
    assert set(posted.open) == {"audit_file"}


def test_the_photo_at_the_end_is_a_new_one(posted, county, clock, village_head):
    clock.at = posted.postings[0].ends_at
    county.night()
    with pytest.raises(AnswersRefused) as refused:
        village_head.completes("confirm_posting_village", posted, papers=())
    assert [fault.field for fault in refused.value.faults] == ["paper_photo_end"]


def test_an_objection_stops_the_days_and_is_registered_within_one_working_day(posted, county, clock):
    clock.to("2026-03-05", "20:00")
    county.objects(posted)
    assert posted.state == "PAUSED_OBJECTION"
    assert set(posted.open) == {"register_objection"}
    assert posted.open["register_objection"].due_at == midnight("2026-03-07")
    assert posted.clock("D04").pauses[-1][1] is None
    (objection,) = posted.objections
    assert (objection.named, objection.result) == (False, None)


def test_the_words_of_an_objection_are_sealed(posted, county):
    county.objects(posted, name="曾明", contact="13800001111")
    entry = posted.entries[-1]
    assert entry["type"] == "objection_received"
    assert {"objection_text", "objector", "contact"} == set(entry["commit"])
    with county.house.reader.connect() as conn:
        opened = county.house.vault.open(conn, posted.id, entry["seq"])
    assert opened == {"objection_text": OBJECTION, "objector": "曾明", "contact": "13800001111"}


def test_after_an_unfounded_objection_the_remaining_days_run_on(posted, county, clock, clerk, investigator):
    clock.to("2026-03-05")  # three of seven days have passed
    county.objects(posted)
    clock.to("2026-03-06")
    clerk.registers_objection(posted, objection_named=False)
    clock.to("2026-03-18")
    investigator.rechecks_objection(posted, objection_result="unfounded", findings=FOUND)
    assert posted.state == "NOTICE_1"
    assert set(posted.open) == {"public_notice"}
    assert posted.postings[-1].ends_at == midnight("2026-03-24")  # 19 to 22 March, a Sunday
    assert posted.open["public_notice"].due_at == posted.postings[-1].ends_at
    assert posted.objections[0].result == "unfounded"
    clock.to("2026-03-23", "23:59")
    assert county.night().timers == 0
    clock.at = posted.postings[-1].ends_at
    assert county.night().timers == 1
    assert len(posted.postings) == 1


def test_after_a_founded_objection_the_step_is_done_again_and_posted_the_full_seven_days(
    posted, county, clock, clerk, investigator
):
    clock.to("2026-03-06")
    county.objects(posted)
    rechecks(posted, clerk, investigator, "founded")
    assert posted.postings[0].taken_down_at == clock.at
    assert set(posted.open) == {"enquire"}
    county.drive(posted, "public_notice", {})
    assert len(posted.postings) == 2
    assert posted.postings[1].ends_at == midnight("2026-03-14")
    assert posted.clock("D04").pauses == []


def test_an_unclear_objection_goes_on_to_the_county(posted, county, clerk, investigator):
    county.objects(posted)
    rechecks(posted, clerk, investigator, "unclear")
    assert posted.objections[0].result == "unclear"
    assert "objection_answer" not in posted.letters
    county.drive(posted, "examine_file", {})
    assert posted.state == "COUNTY_DECISION"


def test_a_named_objector_gets_a_written_answer(posted, county, clerk, investigator):
    county.objects(posted, name="曾明", contact="13800001111")
    rechecks(posted, clerk, investigator, "unfounded", named=True)
    letter = posted.letters["objection_answer"]
    assert letter.fields["objector"] == "曾明"
    assert letter.fields["answer"] == ANSWER
    assert letter.fields["posting_title"] == "评议结果公示"


def test_an_objection_is_checked_by_somebody_who_has_not_acted_in_the_case(
    posted, county, clerk, village_liaison
):
    county.objects(posted)
    clerk.registers_objection(posted, objection_named=False)
    liaison_as_investigator = county.second_seat("vlia1", "TINV", clerk.actor.org)
    with pytest.raises(NotAllowed) as refused:
        liaison_as_investigator.rechecks_objection(posted, objection_result="unfounded", findings=FOUND)
    assert refused.value.rule == "SD-6"


def test_a_second_objection_after_the_first_was_answered_is_taken(posted, county, clock, clerk, investigator):
    clock.to("2026-03-04")
    county.objects(posted)
    rechecks(posted, clerk, investigator, "unfounded")
    county.objects(posted, "请再核实一下他家的房子，去年新盖了两层。")
    assert len(posted.objections) == 2


def test_an_objection_while_another_is_checked_joins_it(posted, county, clock, clerk, investigator):
    clock.to("2026-03-08")
    county.objects(posted)
    clerk.registers_objection(posted, objection_named=True)
    clock.to("2026-03-12")  # the seven days would be over, but they stand still
    county.objects(posted, name="罗华", contact="13800002222")
    assert set(posted.open) == {"recheck_objection"}
    investigator.rechecks_objection(posted, objection_result="unfounded", findings=FOUND, answer=ANSWER)
    assert [row.result for row in posted.objections] == ["unfounded", "unfounded"]
    assert posted.letters["objection_answer"].fields["objector"] == "罗华"


def test_after_the_end_objections_are_closed(posted, county, clock):
    posting = posted.postings[0]
    clock.at = posting.ends_at
    with pytest.raises(StepImpossible, match="ended"):
        county.objects(posted)  # even if the worker has not yet taken it down
    county.night()
    with pytest.raises(StepImpossible, match="ended"):
        county.objects(posted)
    assert not posted.objections


def test_an_objection_says_what_is_wrong(posted, county):
    with pytest.raises(AnswersRefused) as refused:
        county.objects(posted, "不对")
    assert [fault.field for fault in refused.value.faults] == ["text"]
    assert posted.state == "NOTICE_1"


def test_an_objection_to_nothing_is_not_found(county):
    with pytest.raises(NotFound):
        Staff(county, PUBLIC).does(ReceiveObjection(77, OBJECTION, "web"))


def test_a_household_headed_by_a_minor_is_posted_without_a_name(case_at, village_liaison):
    case = case_at("post_review_result", members=1, born=date(2012, 6, 1))
    village_liaison.posts_review_result(case)
    (posting,) = case.postings
    assert posting.masked["name"] == posting.board["name"] == f"申请人（{case.row.number}）"


def test_what_may_never_be_posted_stops_the_posting(case_at, county, village_liaison):
    case = case_at("post_review_result")
    with transaction(county.house.engine) as conn:
        conn.execute(update(Household).values(group_name="肿瘤患者"))
    with pytest.raises(NotPublishable):
        village_liaison.posts_review_result(case)
    assert not case.postings
    assert set(case.open) == {"post_review_result"}
