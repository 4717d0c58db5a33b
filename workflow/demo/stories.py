"""What happens to a case in the demonstration: the branch it takes, and how slowly people work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from workflow.demo.staff import REPRESENTATIVES

Plan = Mapping[str, str | list[str]]
NOTHING: Plan = {}
NEGATIVE = "核对结果与申请书不一致，家庭收入高于申报数，有经营收入没有申报，现有证据不能证明符合条件。"
BASIS = {"legal_basis": "2026年医疗救助服务工作计划", "article": "三"}
REVIEW = {
    "voters_called": "21",
    "voters_present": "17",
    "voters_withdrawn": "0",
    "votes_yes": "14",
    "votes_no": "1",
    "votes_abstain": "2",
    "signatures": "17",
    "signers": "、".join(REPRESENTATIVES[:17]),
    "method": "secret",
}
REVIEW_LOST = {**REVIEW, "votes_yes": "5", "votes_no": "10"}
COMMON: Mapping[str, Plan] = {
    "application": {"oral": "no", "filed_for": "self", "other_help": "no", "transfer": "designated"},
    "check_papers": {"acceptance": "accept"},
    "record_review": REVIEW,
    "audit_file": {"in_doubt": "no"},
    "give_opinion": {"opinion": "qualified"},
    "recheck_file": {"recheck": "pass"},
    "decide": {"decision": "approve", **BASIS},
    "deliver_letter": {"method": "person"},
    "confirm_credit": {"bank": "credited"},
    "receive_settlement": {"serious_illness_amount": "1200.00"},
    "recheck_objection": {"objection_result": "unfounded"},
    "verify_death": {"death_confirmed": "yes"},
    "explain_commitment": {"commitment": "signs"},
    "record_authorisation": {"adults": "2", "adults_authorised": "2"},
    "query_data": {"query_result": "consistent"},
    "check_basic": {"in_doubt": "no"},
    "give_basic_opinion": {"opinion": "qualified"},
    "file_with_county": {"filing": "file", **BASIS},
    "approve_in_township": {"township_approval": "approve", **BASIS},
    "check_calculation": {"calculation_check": "right"},
    "green_channel_request": {
        "variant": "c",
        "requested_by": "hospital",
        "asked_how": "system",
        "hospital": "安福县人民医院",
    },
    "verify_identity": {  # 8,000 yuan stay with the patient
        "interim_kind": "inpatient",
        "interim_total": "30000.00",
        "interim_out_of_catalogue": "1000.00",
        "interim_insurance": "21000.00",
        "interim_other": "0.00",
    },
    "grant_advance": {"advance_decision": "guarantee", "advance": "1000.00"},
    "recheck_advance": {"advance_paid": "1000.00"},
    "temporary_application": {"grant_kind": "living", "requested": "2800.00", "persons": "4"},
    "give_temporary_opinion": {"opinion": "qualified", "leader_note": "no"},
    "deliver_village_files": {"copies": "2", "passbook_copies": "3"},
    "approve_temporary": {"temporary_approval": "approve"},
    "chronic_application": {"disease": "高血压三级"},
    "examine_card": {"card_hospital": "安福县人民医院"},
    "decide_card": {"card_decision": "approve"},
    "exit_proposal": {"exit_category": "DB", "exit_cause": "income"},
    "yearly_review": {"exit_category": "DB", "review_year": "2026"},
    "check_exit_objection": {"exit_check": "unfounded"},
    "trigger": {"trigger_source": "settled_claims"},
    "decide_part": {"part_decision": "approve"},
    "appeal": {"remedy": "review", "appellant": "applicant"},
    "accept_appeal": {"appeal_acceptance": "accept", "rest_case": "no"},
    "review_case": {"review_result": "uphold", **BASIS},
    "check_alert": {"alert_result": "qualifies"},
    "disclosure_request": {
        "request_channel": "person",
        "identity_checked": "yes",
        "requested": "2025年度本县医疗救助资金收支和分乡镇救助人次、金额。",
        "answer_form": "paper",
        "answer_way": "person",
        "reply_to": "安福县平都镇，电话13800000000",
    },
    "check_request": {"request_check": "clear", "check_note": "写得清楚，是本机关制作的信息。"},
    "receive_correction": {"corrected_words": "2025年度本县医疗救助发放对象名单，只要所在乡镇、人次和金额。"},
    "prepare_answer": {
        "answer_kind": "disclose",
        "disclosed_text": "提供2025年度医疗救助资金收支表、分乡镇救助情况表各一份，都是汇总数。",
    },
    "review_disclosure": {
        "secrecy_check": "none",
        "privacy_check": "none",
        "disclosure_review": "pass",
        "disclosure_review_note": "都是汇总数，不涉密，认不出任何个人。",
    },
    "sign_answer": {"disclosure_signing": "sign"},
    "send_answer": {"method": "person"},
    "recovery_finding": {
        "found_by": "data_match",
        "cause": "double_claim",
        "finding": "比对发现同一张发票在结算前已经由商业保险全额报销，申请时没有说明。",
    },
    "state_facts": {
        "due": "0.00",
        "recovery_facts_found": "经向保险公司函证，同一张发票已由商业保险全额报销，本人没有负担，应当退回。",
        "legal_basis": "社会救助暂行办法",
        "article": "六十八",
    },
    "review_recovery": {"due": "0.00"},
    "decide_recovery": {"recovery": "recover", "suspected_crime": "no", "penalty": "none"},
    "agree_payback": {"payback": "at_once"},
    "register_inclusion": {"oral": "no", "filed_for": "self", "other_help": "no", "transfer": "designated"},
}


@dataclass(frozen=True, slots=True)
class Story:
    """One kind of case. `plans`: node id → answers, one after the other when a step comes again."""

    id: str
    weight: int
    plans: Mapping[str, tuple[Plan, ...]] = field(default_factory=dict)
    category: str | None = None
    small_bill: bool = False
    unsettled: bool = False
    burdened: bool = False  # the household earns so little that such bills take 40 % of it and more
    objection_in: int | None = None  # number of the posting somebody objects to
    leaves_at: str | None = None  # node before which the applicant withdraws
    dies_at: str | None = None
    last_day: str | None = None  # node that is done only on the last working day: postings hang at the end
    stops_at: str | None = None  # node at which nobody works any more: it becomes late
    stops_after: int = 0  # how often it is still done before
    sequel: "tuple[str, Story] | None" = None  # node after which another case of the same person follows
    by: str = "VLIA"  # the role that opens it; "SYS": the program itself
    flow: str = "ma_ordinary_county"  # empty: the table of ways decides
    policy: str = "plan-2026"

    def stops(self, node: str, times: int) -> bool:
        """Whether nobody does this step any more, which has been done so often."""
        return node == self.stops_at and times >= self.stops_after

    def plan(self, node: str, times: int, told: Plan = NOTHING) -> Plan:
        """The answers for the `times`-th visit (from 0) of a step. `told`: what stands on its papers."""
        own = self.plans.get(node, ())
        return {**COMMON.get(node, {}), **told, **(own[min(times, len(own) - 1)] if own else {})}


EXIT_AFTER_DEATH = Story(
    "exit_after_death",
    0,
    {
        "exit_proposal": ({"exit_category": "DB", "exit_cause": "death"},),
        "confirm_exit": ({"exit_confirmed": "yes"},),
    },
    flow="roster_exit",
)
"""Whoever has died leaves the roster (domain 2.9)."""
REFUSE = {"decision": "refuse", "refusal_reason": "R02", "refusal_facts": NEGATIVE, **BASIS}
STORIES = (
    Story("paid", 40),
    Story("from_the_township", 12, by="TWIN"),
    Story("survey", 10, {"audit_file": ({"in_doubt": "yes"},), "survey_household": ({"agrees": "yes"},)}),
    Story(
        "supplement",
        12,
        {
            "check_papers": (
                {
                    "acceptance": "incomplete",
                    "missing": ["passbook", "invoice"],
                    "help_offered": "none",
                    "missing_note": "存折复印件\n住院发票原件",
                },
                {"acceptance": "accept"},
            )
        },
    ),
    Story(
        "supplement_never_came",
        4,
        {
            "check_papers": (
                {
                    "acceptance": "incomplete",
                    "missing": ["diagnosis"],
                    "help_offered": "staff",
                    "missing_note": "疾病诊断证明",
                },
                {"acceptance": "not_accept", "refusal_code": "R07", "refusal_facts": NEGATIVE},
            )
        },
        stops_at="receive_supplement",
    ),
    Story(
        "not_accepted",
        3,
        {"check_papers": ({"acceptance": "not_accept", "refusal_code": "R11", "refusal_facts": NEGATIVE},)},
    ),
    Story(
        "review_lost_goes_on",
        4,
        {"record_review": (REVIEW_LOST,), "tell_review_result": ({"after_review": "go_on"},)},
    ),
    Story(
        "review_lost_gives_up",
        2,
        {"record_review": (REVIEW_LOST,), "tell_review_result": ({"after_review": "withdraw"},)},
    ),
    Story(
        "refused",
        6,
        {"give_opinion": ({"opinion": "not_qualified", "opinion_reason": "R06"},), "decide": (REFUSE,)},
    ),
    Story("below_deductible", 4, {"decide": (REFUSE,)}, category="DBBY", small_bill=True),
    Story("serious_illness_open", 7, unsettled=True),
    Story("questions", 5, {"recheck_file": ({"recheck": "questions"}, {"recheck": "pass"})}),
    Story("objection_unfounded", 4, objection_in=1),
    Story("objection_founded", 2, {"recheck_objection": ({"objection_result": "founded"},)}, objection_in=2),
    Story(
        "bank_return",
        5,
        {"confirm_credit": ({"bank": "returned", "return_reason": "number"}, {"bank": "credited"})},
        category="DBBY",
    ),
    Story("withdrawn", 3, leaves_at="enquire"),
    Story("died", 2, dies_at="audit_file", category="DB", sequel=("verify_death", EXIT_AFTER_DEATH)),
    Story("stuck_at_township", 5, stops_at="audit_file"),
    Story("stuck_at_county", 4, stops_at="examine_file"),
    Story("insurance_pending", 4, unsettled=True, stops_at="receive_settlement"),
    Story("posted_by_the_village", 4, last_day="post_review_result"),
    Story("posted_by_the_township", 3, last_day="post_audit_opinion"),
    Story("stuck_in_village", 5, stops_at="enquire"),
    Story("filed", 12, flow="", category="DB"),
    Story("filing_waits", 4, flow="", category="DB", last_day="sign_basic_opinion", by="TWIN"),
    Story("filing_stopped", 3, {"file_with_county": ({"filing": "stop"},)}, flow="", category="DB"),
    Story("data_conflict", 3, {"query_data": ({"query_result": "conflict"},)}, flow="", category="TK"),
    Story(
        "declines_to_commit", 2, {"explain_commitment": ({"commitment": "declines"},)}, flow="", category="DB"
    ),
    Story("first_time_impoverished", 3, flow="", category="YBZP"),
    Story("approved_in_the_township", 3, flow="ma_township_approval", policy="jian-anfu", category="DB"),
    Story("rescued_first", 3, flow="ma_green_channel", category="DB", by="HOSP"),
    Story("apply_free", 3, flow="ma_auto_parallel", category="DB", by="SYS"),
    Story("exit", 2, flow="roster_exit", category="DB"),
    Story("reviewed_and_kept", 2, flow="roster_review", category="DB", by="TWIN"),
    Story("temporary", 2, flow="ta_temporary", policy="fugu-temporary"),
    Story("card", 2, flow="chronic_card", category="DB", by="TWIN"),
)
ASKS_FOR_A_REVIEW = Story("asks_for_a_review", 0, flow="appeal")
PETITIONS = Story("petitions", 0, {"appeal": ({"remedy": "petition"},)}, flow="appeal", by="TWIN")
COMMITS = Story("commits", 0, flow="", category="YBZP", small_bill=True)
RECOVERED = Story("recovered", 0, flow="recovery", by="CHND")
REPAYS_IN_PARTS = Story(
    "repays_in_parts",
    0,
    {"agree_payback": ({"payback": "instalments", "parts": "4", "every": "quarter", "own_dates": ""},)},
    stops_at="record_repayment",
    stops_after=1,
    flow="recovery",
    by="CHND",
)
NOT_ACCEPTED: Plan = {"acceptance": "not_accept", "refusal_code": "R11", "refusal_facts": NEGATIVE}
PART_OF_A_LIST: Plan = {
    "answer_kind": "part",
    "disclosed_text": "提供2025年度医疗救助发放情况表一份，列所在乡镇、人次和金额，已经去标识化。",
    "withheld": "救助对象的姓名、住址和病种。",
    "disclosure_ground": "privacy",
    "disclosure_reasons": "这些内容能认出受助人本人，公开会损害其合法权益，受助人没有同意公开。",
}
FROM_ELSEWHERE = (
    Story("refused_and_reviewed", 1, {"decide": (REFUSE,)}, sequel=("archive_case", ASKS_FOR_A_REVIEW)),
    Story(
        "not_accepted_and_reviewed",
        1,
        {"check_papers": (NOT_ACCEPTED,)},
        sequel=("archive_case", ASKS_FOR_A_REVIEW),
    ),
    Story("petitioned", 1, {"check_papers": (NOT_ACCEPTED,)}, sequel=("archive_case", PETITIONS)),
    Story("overpaid", 1, flow="", category="DB", sequel=("archive_case", RECOVERED)),
    Story("overpaid_and_repays", 1, flow="", category="DB", sequel=("archive_case", REPAYS_IN_PARTS)),
    Story("commits_the_next_time", 1, category="YBZP", sequel=("confirm_credit", COMMITS)),
    Story("warned_and_included", 1, flow="alert_high_cost", category="YBZP", by="SYS", burdened=True),
    Story(
        "warned_in_vain",
        1,
        {"check_alert": ({"alert_result": "not_qualified"},)},
        flow="alert_high_cost",
        category="NONE",
        by="SYS",
        burdened=True,
    ),
    Story("information_given", 1, flow="disclosure", by="TWIN"),
    Story(
        "information_given_in_part",
        1,
        {
            "check_request": (
                {
                    "request_check": "unclear",
                    "correction_wanted": "写明要哪一年的信息，是汇总数还是名单；要名单的，写明要哪些栏目。",
                },
                {"request_check": "clear"},
            ),
            "prepare_answer": (PART_OF_A_LIST,),
            "review_disclosure": ({"privacy_check": "masked"},),
        },
        flow="disclosure",
        by="TWIN",
    ),
    Story("information_waits", 1, flow="disclosure", by="TWIN", stops_at="prepare_answer"),
)
"""What begins with another case or with the monthly cross-check (F05, F07, F11, F12), and requests for
information (F23); shown once each in the demonstration. A simulated year has none of it of itself.
"""
UNFINISHED = frozenset({"supplement_never_came"})
HONEST = tuple(
    story
    for story in STORIES
    if story.stops_at is None and story.last_day is None and story.id not in UNFINISHED
)
"""What happens where everybody does their work."""
EVERYDAY = STORIES[0]
"""For cases that nobody here has opened: a recovery, what an alert led to."""


def choose(random: Random, stories: Sequence[Story] = STORIES) -> Story:
    return random.choices(stories, [story.weight for story in stories])[0]


def first_of_each() -> tuple[Story, ...]:
    """Every story once, so that the smallest county shows every branch."""
    return (*STORIES, *FROM_ELSEWHERE)
