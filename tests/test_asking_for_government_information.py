"""F23: government information on request, answered in 20 working days (domain 2.23, D38)."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

import pytest
from pages.desks import at_the_desk
from small_county import CaseFile, SmallCounty
from walked import Case, unpassed

from bpmn import RulebookError, from_files
from workflow.deadlines import SHANGHAI
from workflow.demo.answers import fill
from workflow.demo.stories import COMMON, PART_OF_A_LIST
from workflow.errors import AnswersRefused, NotAllowed, StepImpossible
from workflow.letters import write
from workflow.reading.access import access_to
from workflow.reading.beside import written_before
from workflow.reading.case_file import case_file
from workflow.reading.case_row import read_case
from workflow.reading.cases import Wanted, cases
from workflow.store.models import Case as CaseRow
from workflow.supervisor_commands import ExtendDeadline

FLOW = "disclosure"
CLEAR, UNCLEAR = {"request_check": "clear"}, {"request_check": "unclear"}
PASSED, SIGNED = {"disclosure_review": "pass"}, {"disclosure_signing": "sign"}
WANTED = "2025年度本县医疗救助发放对象名单"
LONGER = {
    "extension_units": "20",
    "extension_reason": "data_late",
    "extension_words": "要核对的历年台账在乡镇，正在逐乡调取。",
}


def answered(kind: str, letter: str, end: str) -> Case:
    case = Case(FLOW).does("check_request", **CLEAR).does("prepare_answer", answer_kind=kind)
    case.does("review_disclosure", **PASSED).does("sign_answer", **SIGNED).goes("send_answer")
    assert case.step.ended == end and case.letters == [letter]
    assert case.effects[-1] == ("letter_delivered",)
    return case


def disclosed() -> Case:
    return answered("disclose", "disclosure_answer", "end_disclosed")


def disclosed_in_part() -> Case:
    return answered("part", "disclosure_part", "end_partly_disclosed")


def not_disclosed() -> Case:
    return answered("refuse", "disclosure_refusal", "end_not_disclosed")


def not_held() -> Case:
    return answered("not_held", "disclosure_not_held", "end_not_held")


def on_the_spot() -> Case:
    case = Case(FLOW).does("check_request", request_check="public").goes("send_answer")
    assert case.step.ended == "end_disclosed" and case.letters == ["disclosure_answer"]
    return case


def returned_twice() -> Case:
    case = Case(FLOW).does("check_request", **CLEAR).does("prepare_answer", answer_kind="disclose")
    case.does("review_disclosure", disclosure_review="return").does("prepare_answer", answer_kind="part")
    case.does("review_disclosure", **PASSED).does("sign_answer", disclosure_signing="return")
    case.does("prepare_answer", answer_kind="refuse").does("review_disclosure", **PASSED)
    return case.does("sign_answer", **SIGNED).goes("send_answer")


def corrected() -> Case:
    case = Case(FLOW).does("check_request", **UNCLEAR)
    assert case.letters == ["disclosure_correction"] and case.states == {"RETURNED_FOR_PAPERS"}
    case.goes("receive_correction").does("check_request", **UNCLEAR)
    assert case.open == ["prepare_answer"], "a correction is asked for once"
    case.does("prepare_answer", answer_kind="not_held").does("review_disclosure", **PASSED)
    return case.does("sign_answer", **SIGNED).goes("send_answer")


def never_corrected() -> Case:
    case = Case(FLOW).does("check_request", **UNCLEAR).goes("D02")
    assert case.open == ["check_request"]
    case.does("check_request", request_check="abandoned").goes("send_answer")
    assert case.step.ended == "end_abandoned" and case.letters[-1] == "disclosure_abandoned"
    return case


def withdrawn() -> Case:
    case = Case(FLOW).does("check_request", **CLEAR).hears("withdrawn")
    assert case.step.ended == "end_withdrawn_disclosure"
    return case


def rests_and_a_death_is_false() -> Case:
    case = Case(FLOW).signals("case_paused").signals("case_resumed").hears("applicant_died")
    case.does("verify_death", death_confirmed=False).does("check_request", request_check="public")
    case.signals("case_paused").signals("case_resumed").hears("applicant_died").goes("verify_death")
    assert case.step.ended == "end_died_disclosure"
    return case


STORIES: list[Callable[[], Case]] = [
    disclosed, disclosed_in_part, not_disclosed, not_held, on_the_spot, returned_twice, corrected,
    never_corrected, withdrawn, rests_and_a_death_is_false,
]  # fmt: skip


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_every_story_ends(story: Callable[[], Case]) -> None:
    case = story()
    assert case.step.ended is not None and not case.step.open and not case.step.timers


def test_the_stories_pass_every_node_of_its_own_diagrams() -> None:
    assert unpassed(STORIES, {FLOW, "sub_disclosure"}, FLOW) == set()


@pytest.fixture
def request_(county: SmallCounty) -> CaseFile:
    person, _ = county.household()
    return county.staff["twin1"].asks(FLOW, person, requested=WANTED)


def text_of(county: SmallCounty, case: CaseFile, letter: str) -> str:
    row = case.letters[letter]
    document = write(county.house.rules().rulebook.letters[row.kind], row.fields)
    return "\n".join([document.title, *document.paragraphs, *document.rights])


def due_on(case: CaseFile) -> date:
    """The last day: a limit ends at midnight after it."""
    return (case.clock("D38").due_at.astimezone(SHANGHAI) - timedelta(seconds=1)).date()


def levels(case: CaseFile) -> list[str]:
    return [alarm.level for alarm in case.alarms if alarm.clock_id == case.clock("D38").id]


def told(case: CaseFile, level: str) -> set[tuple[str, str]]:
    lines = (line for line in case.inbox if line.kind == "deadline" and line.params["limit"] == "D38")
    return {(line.org, line.role) for line in lines if line.params["level"] == level}


def test_a_request_is_answered_and_only_then_the_clock_has_done_its_work(county, request_):
    assert due_on(request_) == date(2026, 3, 30), "20 working days after 2 March"
    county.drive(request_, "send_answer", {})
    assert request_.clock("D38").stopped_at is None, "an answer that is signed has not arrived yet"
    county.drive(request_, "end", {})
    assert (request_.state, request_.row.outcome) == ("CLOSED", "disclosed")
    assert request_.clock("D38").stopped_at is not None
    row = request_.letters["disclosure_answer"]
    assert (row.delivery, row.delivered_at) == ("person", county.clock.at)
    assert WANTED in text_of(county, request_, "disclosure_answer")


def test_what_is_public_is_answered_on_the_spot(county, request_):
    where = "县政府网站“政务公开—社会救助”栏目，2025年第四季度公示。"
    handler = county.staff["chnd"]
    handler.completes("check_request", request_, request_check="public", disclosed_text=where)
    assert list(request_.open) == ["send_answer"], "nobody has to sign what everybody can read"
    handler.completes("send_answer", request_)
    assert request_.row.outcome == "disclosed"
    assert where in text_of(county, request_, "disclosure_answer")


def test_a_part_is_refused_with_ground_reasons_and_the_way_to_a_remedy(county, request_):
    county.drive(request_, "end", {"prepare_answer": PART_OF_A_LIST})
    assert (request_.state, request_.row.outcome) == ("CLOSED", "partly_disclosed")
    text = text_of(county, request_, "disclosure_part")
    assert PART_OF_A_LIST["withheld"] in text and "第十五条" in text
    assert "60日内" in text and "应当先申请行政复议" in text and "15日内" in text
    assert "复核" not in text, "the review of decisions on aid is no remedy here"


def test_what_a_third_party_keeps_to_itself_does_not_pass_the_check(county, request_):
    county.drive(request_, "review_disclosure", {})
    reviewer = county.staff["pub"]
    for found in ({"privacy_check": "withhold"}, {"secrecy_check": "secret"}):
        with pytest.raises(AnswersRefused) as refused:
            reviewer.completes("review_disclosure", request_, **found)
        assert [fault.field for fault in refused.value.faults] == ["disclosure_review"]
    reviewer.completes("review_disclosure", request_, privacy_check="withhold", disclosure_review="return")
    assert list(request_.open) == ["prepare_answer"]


def test_while_a_correction_is_owed_the_clock_stands(county, clock, request_):
    handler = county.staff["chnd"]
    wanted = "写明要哪一年的信息，是汇总数还是名单。"
    handler.completes("check_request", request_, request_check="unclear", correction_wanted=wanted)
    assert wanted in text_of(county, request_, "disclosure_correction")
    assert request_.state == "RETURNED_FOR_PAPERS"
    clock.to("2026-03-09")
    handler.completes("receive_correction", request_, corrected_words="2025年度分乡镇的救助人次")
    assert due_on(request_) == date(2026, 4, 7), "five working days later; 6 April is a holiday"
    county.drive(request_, "end", {})
    text = text_of(county, request_, "disclosure_answer")
    assert "2025年度分乡镇的救助人次" in text and WANTED not in text


def test_without_a_correction_the_request_is_given_up_and_the_applicant_told(county, clock, request_):
    handler = county.staff["chnd"]
    with pytest.raises(AnswersRefused):
        handler.completes("check_request", request_, request_check="abandoned")
    handler.completes("check_request", request_, request_check="unclear")
    clock.at = request_.open["receive_correction"].due_at
    county.night()
    clock.to("2026-03-17")
    with pytest.raises(AnswersRefused):
        handler.completes("check_request", request_, request_check="unclear")
    handler.completes("check_request", request_, request_check="abandoned")
    handler.completes("send_answer", request_)
    assert request_.row.outcome == "abandoned"
    assert "行政复议" in text_of(county, request_, "disclosure_abandoned")


def test_the_limit_counts_from_the_day_the_request_came(county):
    person, _ = county.household()
    case = county.staff["twin1"].asks(FLOW, person, paper_date="2026-02-26")
    assert due_on(case) == date(2026, 3, 25), "28 February is a working Saturday"


def test_after_twelve_working_days_the_supervisor_is_told_and_again_when_it_is_late(county, clock, request_):
    clock.to("2026-03-17", "23:59")
    county.night()
    assert levels(request_) == []
    clock.to("2026-03-18")
    county.night()
    assert levels(request_) == ["warn"]
    assert told(request_, "warn") == {("360829-msb", "CHND"), ("360829-msb", "SUP")}
    clock.to("2026-03-31")
    county.night()
    assert levels(request_) == ["warn", "warn2", "overdue"]
    assert ("360829-msb", "SUP") in told(request_, "overdue")


def test_it_is_put_off_once_by_twenty_days_before_it_is_late_and_the_applicant_told(county, clock, request_):
    supervisor = county.staff["sup-msb"]
    clock_id = request_.clock("D38").id
    with pytest.raises(AnswersRefused):
        supervisor.does(ExtendDeadline(request_.id, clock_id, {**LONGER, "extension_units": "21"}))
    supervisor.does(ExtendDeadline(request_.id, clock_id, LONGER))
    assert due_on(request_) == date(2026, 4, 28), "20 working days more; 6 April is a holiday"
    assert request_.entries[-1]["vars"]["letter"] == "disclosure_extension"
    text = text_of(county, request_, "disclosure_extension")
    assert "延长20个工作日" in text and "延至2026年4月28日前答复" in text and "医疗救助申请" not in text
    with pytest.raises(StepImpossible):
        supervisor.does(ExtendDeadline(request_.id, clock_id, LONGER))
    county.drive(request_, "end", {})
    assert request_.letters["disclosure_extension"].delivered_at is None
    assert request_.letters["disclosure_answer"].delivered_at is not None


def test_when_it_is_late_it_cannot_be_put_off(county, clock, request_):
    clock.at = request_.clock("D38").due_at
    with pytest.raises(StepImpossible):
        county.staff["sup-msb"].does(ExtendDeadline(request_.id, request_.clock("D38").id, LONGER))


def test_whoever_has_prepared_the_answer_neither_checks_nor_signs_it(county, request_):
    county.drive(request_, "review_disclosure", {})
    with pytest.raises(NotAllowed):
        county.second_seat("chnd", "PUB", "360829-msb").completes("review_disclosure", request_)


def test_who_asks_for_information_is_seen_by_those_who_answer_and_watch(county, request_):
    book = county.house.rules().rulebook
    nothing = dict.fromkeys(("vlia1", "vhead1", "tlead1", "fin1", "caff", "twin2"))
    for login, sealed in {
        **nothing, "twin1": False, "chnd": True, "pub": True, "capr": True, "sup-msb": True, "insp": True,
    }.items():  # fmt: skip
        actor = county.staff[login].actor
        with county.house.reader.connect() as conn:
            listed = [line.id for line in cases(conn, book, actor, Wanted()).lines]
            assert (request_.id in listed) == (sealed is not None), login
            row = read_case(conn, request_.id)
            if sealed is None:
                with pytest.raises(NotAllowed):
                    access_to(conn, actor, row)
            else:
                access = access_to(conn, actor, row)
                assert access.sealed == access.letters == sealed and not access.family, login


def test_what_is_asked_for_and_where_the_applicant_lives_are_nowhere_in_clear(request_):
    first = request_.entries[0]
    assert WANTED not in str(first) and "平都镇" not in str(first)
    assert {"requested", "reply_to"} <= first["commit"].keys()


def test_without_a_proof_of_identity_nothing_is_registered(county):
    person, _ = county.household()
    with pytest.raises(AnswersRefused) as refused:
        county.staff["twin1"].asks(FLOW, person, identity_checked=False)
    assert [fault.field for fault in refused.value.faults] == ["identity_checked"]


def test_a_request_is_withdrawn_in_words_of_its_own(county, request_):
    county.staff["twin1"].withdraws(request_)
    assert request_.row.outcome == "withdrawn"
    assert "政府信息公开申请" in text_of(county, request_, "withdrawal_confirmation")


def test_rights_that_no_file_tells_are_refused(county):
    files = dict(county.house.rules().rulebook.files)
    path = "letters/disclosure_refusal.toml"
    files[path] = files[path].replace(b'rights = "disclosure_rights"', b'rights = "other_rights"')
    with pytest.raises(RulebookError) as refused:
        from_files(files)
    assert [(fault.file, fault.element) for fault in refused.value.faults] == [(path, "rights")]


def test_beside_a_step_stands_what_was_asked_and_what_is_proposed_now(county, request_):
    county.drive(request_, "review_disclosure", {"prepare_answer": PART_OF_A_LIST})
    reviewer = county.staff["pub"]
    reviewer.completes("review_disclosure", request_, disclosure_review="return")
    county.drive(request_, "review_disclosure", {})
    with county.house.reader.connect() as conn:
        file = case_file(county.house, conn, reviewer.actor, request_.id, county.clock.at)
        said = {line.label.zh: line.value.zh for line in written_before(county.house, conn, file)}
    assert said["申请公开的内容"] == WANTED and said["怎样答复？"] == "予以公开"
    assert "不公开哪一部分" not in said, "what an earlier proposal said holds no more"
    assert said["审查说明"], "why it was returned"


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_on_the_pages_from_the_window_to_the_letter(county):
    person, _ = county.household()
    clerk, handler, village = (at_the_desk(county, login) for login in ("twin1", "chnd", "vlia1"))
    window = f"/register/people/{person}"
    assert f"{window}/apply/{FLOW}" in clerk.opens(window).links()
    assert f"{window}/apply/{FLOW}" not in village.opens(window).links()
    form = county.house.rules().rulebook.forms["disclosure_request"]
    answers = fill(form, {}, {**COMMON[form.id], "requested": WANTED}, Random(1), county.today)
    clerk.submits(clerk.opens(f"{window}/apply/{FLOW}"), "", **answers)
    case = CaseFile(county, county.rows(CaseRow, CaseRow.flow == FLOW)[0].id)
    assert WANTED in handler.opens(f"/cases/{case.id}/tasks/{case.open['check_request'].id}").words
    county.drive(case, "send_answer", {})
    letter = f"/letters/{case.letters['disclosure_answer'].id}"
    assert WANTED in handler.opens(letter).words
    assert [desk.opens(letter).status for desk in (clerk, village)] == [403, 403]
    page = handler.opens(f"/cases/{case.id}")
    terms = {term.text_content() for term in page.tree.xpath("//dt")}
    assert "姓名" in terms and not terms & {"年收入", "家庭", "类别", "账户", "测算救助"}
    assert [desk.opens(f"/cases/{case.id}").status for desk in (clerk, village)] == [200, 403]
    assert WANTED not in clerk.opens(f"/cases/{case.id}").words
