"""What happens to a case in the demonstration: the branch it takes, and how slowly people work."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from workflow.demo.staff import REPRESENTATIVES

Plan = Mapping[str, str | list[str]]
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
    objection_in: int | None = None  # number of the posting somebody objects to
    leaves_at: str | None = None  # node before which the applicant withdraws
    dies_at: str | None = None
    last_day: str | None = None  # node that is done only on the last working day: postings hang at the end
    stops_at: str | None = None  # node at which nobody works any more: it becomes late
    by_village: bool = True
    flow: str = "ma_ordinary_county"  # empty: the table of ways decides
    policy: str = "plan-2026"

    def plan(self, node: str, times: int) -> Plan:
        """The answers for the `times`-th visit (from 0) of a step."""
        own = self.plans.get(node, ())
        return {**COMMON.get(node, {}), **(own[min(times, len(own) - 1)] if own else {})}


REFUSE = {"decision": "refuse", "refusal_reason": "R02", "refusal_facts": NEGATIVE, **BASIS}
STORIES = (
    Story("paid", 40),
    Story("from_the_township", 12, by_village=False),
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
    Story("died", 2, dies_at="audit_file"),
    Story("stuck_at_township", 5, stops_at="audit_file"),
    Story("stuck_at_county", 4, stops_at="examine_file"),
    Story("insurance_pending", 4, unsettled=True, stops_at="receive_settlement"),
    Story("posted_by_the_village", 4, last_day="post_review_result"),
    Story("posted_by_the_township", 3, last_day="post_audit_opinion"),
    Story("stuck_in_village", 5, stops_at="enquire"),
    Story("filed", 12, flow="", category="DB"),
    Story("filing_waits", 4, flow="", category="DB", last_day="sign_basic_opinion", by_village=False),
    Story("filing_stopped", 3, {"file_with_county": ({"filing": "stop"},)}, flow="", category="DB"),
    Story("data_conflict", 3, {"query_data": ({"query_result": "conflict"},)}, flow="", category="TK"),
    Story(
        "declines_to_commit", 2, {"explain_commitment": ({"commitment": "declines"},)}, flow="", category="DB"
    ),
    Story("first_time_impoverished", 3, flow="", category="YBZP"),
)


def choose(random: Random) -> Story:
    return random.choices(STORIES, [story.weight for story in STORIES])[0]


def first_of_each() -> tuple[Story, ...]:
    """Every story once, so that the smallest county shows every branch."""
    return STORIES
