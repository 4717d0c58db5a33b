"""Merging limits (domain 3.3, C-10, E19 and E20): the county approver decides, and nothing is added up."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import update

from workflow.errors import AnswersRefused
from workflow.store import transaction
from workflow.store.models import Claim

SET = "jian-anfu"
BEFORE = {
    "kind": "outpatient_chronic", "settled_on": date(2026, 1, 20), "total": Decimal(4500),
    "admitted_on": date(2026, 1, 12), "discharged_on": None, "out_of_catalogue": Decimal(0),
    "basic": Decimal(0), "serious_illness": Decimal(0),
}  # fmt: skip
NOW = {**BEFORE, "settled_on": date(2026, 2, 10), "admitted_on": date(2026, 2, 10), "total": Decimal(1000)}


@pytest.fixture
def waiting(county):
    """A case of somebody in Anfu whose outpatient limit of 3,000 is nearly or wholly used up."""

    def waits(paid: str, node: str = "decide"):
        person, bills = county.household(category="DB", **NOW)
        earlier = county.bill(person, **BEFORE)
        with transaction(county.house.engine) as conn:
            conn.execute(update(Claim).where(Claim.id == earlier).values(aid_paid=Decimal(paid)))
        return county.drive(county.staff["vlia1"].files(person, bills, policy=SET), node, {})

    return waits


def fields(refused: pytest.ExceptionInfo[AnswersRefused]) -> set[str]:
    return {fault.field for fault in refused.value.faults}


def test_without_a_merge_decision_the_outpatient_limit_holds(waiting, approver):
    case = waiting("2700")
    assert case.row.aid == Decimal("300.00")
    approver.decides(case, decision="approve", limits_merged=False)
    assert case.row.aid == Decimal("300.00")


def test_the_approver_may_let_the_limits_be_used_together(waiting, approver, county):
    case = waiting("2700")
    approver.decides(case, decision="approve", limits_merged=True)
    assert case.row.aid == Decimal("600.00")
    (sheet,) = case.calculations[-1].sheet
    assert sheet["sheet"]["merged"] is True
    county.drive(case, "end", {})
    assert [payment.amount for payment in case.payments] == [Decimal("600.00")]


def test_with_the_limit_used_up_only_a_merge_decision_opens_the_approval(waiting, approver):
    case = waiting("3000")
    assert case.row.aid == 0
    with pytest.raises(AnswersRefused) as refused:
        approver.decides(case, decision="approve", limits_merged=False)
    assert fields(refused) == {"decision"}
    approver.decides(case, decision="approve", limits_merged=True)
    assert case.row.aid == Decimal("600.00")


def test_the_question_is_not_asked_where_nothing_would_change(case_at, approver):
    """The 2026 plan knows no merging; and in Anfu nothing is asked before the outpatient limit bites."""
    case = case_at("decide")
    with pytest.raises(AnswersRefused) as refused:
        approver.completes("decide", case, decision="refuse", refusal_reason="R01", refusal_facts="短")
    assert "limits_merged" not in fields(refused)


def test_another_programme_s_claims_of_the_year_do_not_disturb(waiting, county):
    case = waiting("2700", "give_opinion")
    grant = {**BEFORE, "kind": "living", "total": Decimal(700), "settled_on": date(2026, 1, 25)}
    other = county.bill(case.row.applicant_id, **grant)
    with transaction(county.house.engine) as conn:
        conn.execute(update(Claim).where(Claim.id == other).values(aid_paid=Decimal(700)))
    county.drive(case, "decide", {})
    assert case.row.aid == Decimal("300.00")


def test_a_bill_the_policy_does_not_speak_of_is_told_at_the_window(county, village_liaison):
    person, bills = county.household(category="DB", kind="rare_drug")
    with pytest.raises(AnswersRefused) as refused:
        village_liaison.files(person, bills, policy=SET)
    (fault,) = refused.value.faults
    assert fault.field == "claims" and "不含罕见病及部分高值药品，只含住院、门诊" in fault.message.zh
