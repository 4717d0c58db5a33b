"""What a form changes in the register when its step is done: a corrected bill, another account, a death."""

import re
from collections.abc import Callable, Mapping

from sqlalchemy import bindparam, select, update

from bpmn import Text
from workflow.cases import advances, recoveries
from workflow.cases.work import Work
from workflow.errors import AnswersRefused, FieldFault
from workflow.forms import Answers
from workflow.store.models import Claim, Payment, Person, Representative, table
from workflow.store.prepared import Prepared

_SEPARATORS = re.compile(r"[\s、，,；;]+")
Consequence = Callable[[Work, Answers], None]
_LISTED = Prepared(
    select(Representative.name).where(
        Representative.village == bindparam("village"),
        Representative.valid_from <= bindparam("day"),
        Representative.valid_to.is_(None) | (Representative.valid_to >= bindparam("day")),
    )
)


def follow(work: Work, form_id: str, answers: Answers) -> None:
    change = CONSEQUENCES.get(form_id)
    if change is not None:
        change(work, answers)


def check_signers(work: Work, answers: Answers) -> None:
    """Whoever signs a review record is a different person on the village's list (domain 4.5)."""
    names = [name for name in _SEPARATORS.split(str(answers.values["signers"]).strip()) if name]
    today = {"village": work.row.village, "day": work.today}
    listed = {row.name for row in _LISTED.all(work.conn, today)}
    faults = []
    if strangers := [name for name in dict.fromkeys(names) if name not in listed]:
        shown = "、".join(strangers)
        faults.append(
            Text(f"{shown}不在代表名册上。签名人都要在名册上。", f"Not on the list: {', '.join(strangers)}.")
        )
    if double := sorted({name for name in names if names.count(name) > 1}):
        shown = "、".join(double)
        faults.append(Text(f"{shown}写了不止一次。每人只签一次。", f"Named twice: {', '.join(double)}."))
    signatures = answers.values["signatures"]
    if not faults and len(names) != signatures:
        faults.append(
            Text(
                f"写了{len(names)}个姓名，签名人数填的是{signatures}人。两处应一致。",
                f"{len(names)} names, but {signatures} signatures. They must agree.",
            )
        )
    if faults:
        raise AnswersRefused([FieldFault("signers", fault) for fault in faults])


def correct_bill(work: Work, answers: Answers) -> None:
    """F13: the new settlement statement tells what serious-illness insurance has paid.

    The open bill with the highest cost carries it; a bill that would be overpaid is refused.
    """
    amount = answers.values["serious_illness_amount"]
    claim = work.conn.execute(
        select(table(Claim))
        .where(Claim.case_id == work.row.id.hex, Claim.serious_illness_settled.is_(False))
        .order_by(Claim.total.desc(), Claim.id)
        .limit(1)
    ).first()
    if claim is None:
        return
    rest = claim.total - claim.out_of_catalogue - claim.basic - claim.commercial - claim.other_relief
    if amount > rest:
        raise AnswersRefused(
            [
                FieldFault(
                    "serious_illness_amount",
                    Text(
                        f"大病保险支付{amount:,.2f}元，超过这张单据剩下的{rest:,.2f}元。",
                        f"{amount:,.2f} yuan is more than the {rest:,.2f} left of this bill.",
                    ),
                )
            ]
        )
    work.conn.execute(
        update(Claim)
        .where(Claim.case_id == work.row.id.hex, Claim.serious_illness_settled.is_(False))
        .values(serious_illness_settled=True)
    )
    work.conn.execute(update(Claim).where(Claim.id == claim.id).values(serious_illness=amount))


def change_account(work: Work, answers: Answers) -> None:
    """After a bank return: another account of the applicant or a household member (domain 4.2)."""
    holder = str(answers.values["account_holder"])
    members = work.conn.scalars(
        select(Person.name).where(
            (Person.id == work.row.applicant_id) | (Person.household_id == work.row.household_id)
        )
    ).all()
    if holder not in members:
        raise AnswersRefused(
            [
                FieldFault(
                    "account_holder",
                    Text(
                        f"户名“{holder}”不是申请人或家庭成员。账户只能是本人或家庭成员的。",
                        "The holder is neither the applicant nor a member of the household.",
                    ),
                )
            ]
        )
    work.conn.execute(
        update(Person)
        .where(Person.id == work.row.applicant_id)
        .values(account_number=str(answers.values["account_number"]), account_holder=holder)
    )


def note_return(work: Work, answers: Answers) -> None:
    """What the bank says about a returned payment stands with the payment."""
    reason = answers.values.get("return_reason")
    if reason:
        work.conn.execute(
            update(Payment)
            .where(Payment.case_id == work.row.id, Payment.status == "ordered")
            .values(return_reason=str(reason)[:80])
        )


def note_death(work: Work, answers: Answers) -> None:
    """What the township has verified stands in the register, for every later case of the household."""
    if not answers.variables["death_confirmed"]:
        return
    work.conn.execute(
        update(Person).where(Person.id == work.row.applicant_id).values(died_on=answers.values["died_on"])
    )


CONSEQUENCES: Mapping[str, Consequence] = {
    "village_review": check_signers,
    "serious_illness_settlement": correct_bill,
    "correct_account": change_account,
    "confirm_credit": note_return,
    "verify_death": note_death,
    "advance_decision": advances.require_diagnosis,
    "discharge": advances.discharge,
    "green_papers": advances.take_bills,
    "recovery_facts": recoveries.note_due,
    "recovery_review": recoveries.note_due,
    "payback_plan": recoveries.plan,
    "set_off_consent": recoveries.look_again,
    "enforcement": recoveries.look_again,
    "press_repayment": recoveries.press,
    "repayment": recoveries.receive,
}
