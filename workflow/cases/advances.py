"""绿色通道: an advance before the papers, its register, and how it is settled (domain 2.4, C-15).

At most the aid that the interim bill gives, and at most the county's limit; never without a diagnosis
certificate. What the papers then do not bear out comes back by a recovery that the flow opens itself.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import exists, insert, select, update

from bpmn import Text
from workflow import amounts
from workflow.cases import bills, calculating, paying
from workflow.cases import clocks as clockwork
from workflow.cases.sealed import sealed_at, sealed_of
from workflow.cases.work import Work
from workflow.commands import OpenCase
from workflow.deadlines import SHANGHAI
from workflow.engine import Effect, Step
from workflow.errors import AnswersRefused, FieldFault
from workflow.forms import Answers
from workflow.store.models import Advance, Claim, Paper, Payment, table

FLOW: Final = "ma_green_channel"
PAPERS: Final = "D20"
"""The limit for the full papers: it counts from the day of the discharge."""
FROM_THE_REQUEST: Final = ("D19", "D44")
THRESHOLD: Final = "advance"
DIAGNOSIS: Final = "diagnosis"
DIRECT: Final = "d"
ADVANCE, PAYMENT, CLAIM = table(Advance), table(Payment), table(Claim)
ZERO = Decimal("0.00")
Clocks = Sequence[clockwork.Ticking]


# What a step asks -----------------------------------------------------------------------------------


def interim_aid(work: Work, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The aid that the interim bill gives now, and the most that may be advanced on it."""
    aid = ZERO
    if variables.get("interim_total_fen"):
        aid = _estimate(work, variables)
    most = min(aid, work.rules.policies[work.row.policy].thresholds[THRESHOLD].value)
    _change(work, answered_at=work.at, interim_aid=aid, most=most)
    return {"interim_aid_fen": amounts.fen(aid), "advance_most_fen": amounts.fen(most)}


def _estimate(work: Work, variables: Mapping[str, Any]) -> Decimal:
    """Yuan of aid; nothing where the tariff has no rule for this kind, for then nobody can advance on it."""
    admitted = date.fromisoformat(str(sealed_at(work, 0)["admitted_on"]))
    bill = amounts.Bill(
        T=amounts.yuan(variables["interim_total_fen"]),
        O=amounts.yuan(variables["interim_out_of_catalogue_fen"]),
        B=amounts.yuan(variables["interim_insurance_fen"]),
        S=ZERO,
        M=ZERO,
        R=amounts.yuan(variables["interim_other_fen"]),
        kind=str(variables["interim_kind"]),
        admitted=admitted,
        settled=max(admitted, work.today),
    )
    try:
        policy = work.rules.policies[work.row.policy]
        return calculating.estimate(work.conn, policy, work.row, bill).aid
    except amounts.ClaimRefused as refused:
        raise AnswersRefused([FieldFault("interim_total", refused.message)]) from refused


def granted_advance(work: Work, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What was granted, 0 where nothing was."""
    granted = variables["advance_fen"] if variables["advance_decision"] != "refuse" else 0
    return {"advance_granted_fen": granted}


def advance_out(work: Work, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Whether an advance has been granted in this case: then it is settled, whatever happens."""
    return {"advance_out": _advance(work).amount is not None}


# What the diagrams do -------------------------------------------------------------------------------


def asked(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    """The request stands in the register from the first moment."""
    known = step.variables
    work.conn.execute(
        insert(ADVANCE),
        {
            "case_id": work.row.id,
            "variant": str(known["variant"]),
            "requested_by": str(known["requested_by"]),
            "asked_how": str(known["asked_how"]),
            "asked_by": work.actor.org,
            "hospital": str(work.sealed["hospital"]),
            "asked_at": work.at,
            "diagnosis": False,
            "deposit": _maybe_yuan(known.get("deposit_fen")),
            "deposit_cut": _maybe_yuan(known.get("deposit_cut_fen")),
        },
    )


def granted(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    known = step.variables
    _change(
        work,
        amount=amounts.yuan(known["advance_granted_fen"]),
        way=str(known["advance_decision"]),
        granted_at=work.at,
        diagnosis=_has_diagnosis(work),
    )


def ordered(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    """An order to the hospital's account, as the re-checker has read it in the agreement."""
    amount, account = amounts.yuan(step.variables["advance_paid_fen"]), work.sealed
    number, holder = str(account["hospital_account"]), str(account["hospital_account_holder"])
    paying.order(work, amount, number, holder, "advance")


def credited(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    paying.settle(work, "credited")
    _change(work, paid=amounts.yuan(step.variables["advance_paid_fen"]), paid_at=work.at)


def settled(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    """The aid is fixed. Where nothing more is paid the bills carry it from now on; otherwise they do when
    the rest has arrived.
    """
    known = step.variables
    final = amounts.yuan(known["final_fen"])
    _change(work, final_aid=final, settled_at=work.at)
    if final and not known["payable_fen"]:
        paying.aid_bills(work)


def recover(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    """What was advanced beyond what is due: a recovery of its own, tied to this case (F12)."""
    final = amounts.yuan(step.variables["final_fen"])
    paid = amounts.yuan(step.variables["advance_paid_fen"])
    finding = (
        f"先行救助已付{paid:,.2f}元，最后确定的救助金额为{final:,.2f}元，"
        f"结算时多付{paid - final:,.2f}元，由绿色通道案件{work.row.number}自动转入追回程序。"
    )
    answers = {
        "found_by": "settlement",
        "cause": "advance",
        "found_on": work.today.isoformat(),
        "finding": finding,
    }
    opened = work.command(
        OpenCase(
            "recovery", work.row.policy, work.row.applicant_id, (), answers,
            about=work.row.id, facts={"due_now_fen": amounts.fen(final)},
        )
    )  # fmt: skip
    _change(work, recovery_id=UUID(hex=opened["case_id"]))


# What the forms record ------------------------------------------------------------------------------


def require_diagnosis(work: Work, answers: Answers) -> None:
    """No advance without the certificate of the medical institution (domain 2.4 c, RF-28). Admission papers
    and tracing notice count from the request, although their steps only open with the advance.

    Raises:
        AnswersRefused
    """
    if answers.values["advance_decision"] != "refuse" and not _has_diagnosis(work):
        words = Text(
            "案卷里没有疾病诊断证明。先由经办人员或医院在案卷页面补充，再批准",
            "There is no diagnosis certificate in the file. Have it added on the case's page first",
        )
        raise AnswersRefused([FieldFault("advance_decision", words)])
    work.since.update(dict.fromkeys(FROM_THE_REQUEST, work.row.opened_at))


def _has_diagnosis(work: Work) -> bool:
    return bool(
        work.conn.scalar(select(exists().where(Paper.case_id == work.row.id, Paper.kind == DIAGNOSIS)))
    )


def discharge(work: Work, answers: Answers) -> None:
    """The ten working days count from the discharge, not from the day it was told."""
    day = date.fromisoformat(str(answers.values["discharged_on"]))
    work.since[PAPERS] = datetime.combine(day, time(), SHANGHAI)
    due = clockwork.due_by((), work.terms.limits, work.calendar, work.at, PAPERS, work.since)
    _change(work, discharged_on=day, papers_due=due)


def take_bills(work: Work, answers: Answers) -> None:
    """Tie the bills to the case by their invoice numbers; they are the patient's, and in no other case.

    Raises:
        AnswersRefused: a number is not registered for the patient, or the bill cannot be used here.
    """
    wanted = list(dict.fromkeys(str(answers.values["invoice_numbers"]).split()))
    found = work.conn.execute(
        select(CLAIM.c.id, CLAIM.c.invoice_number, CLAIM.c.case_id, CLAIM.c.kind)
        .where(CLAIM.c.person_id == work.row.applicant_id, CLAIM.c.invoice_number.in_(wanted))
        .with_for_update()
    ).all()
    missing = [number for number in wanted if number not in {row.invoice_number for row in found}]
    if missing:
        words = Text(
            f"没有登记发票{'、'.join(missing)}。先在人员页面登记单据，再写发票号",
            f"No such invoice is registered: {', '.join(missing)}. Register the bill first",
        )
        raise AnswersRefused([FieldFault("invoice_numbers", words)])
    policy = work.rules.policies[work.row.policy]
    bills.require_free(work, policy, "invoice_numbers", found, (work.row.id,))
    bills.take(work, found, work.row.id)
    _change(work, papers_at=work.at)


# What the letters say -------------------------------------------------------------------------------


def words(work: Work, step: Step) -> dict[str, Any]:
    """For the letters of the green channel, and what a decision says of an advance."""
    if work.row.flow != FLOW:
        return {}
    known = step.variables
    granted_yuan = amounts.yuan(known.get("advance_granted_fen") or 0)
    told: dict[str, Any] = {
        "hospital": _advance(work).hospital,
        "advance": granted_yuan or None,
        "guarantee": "是" if known.get("advance_decision") == "guarantee" else None,
        "payment_now": "是" if known.get("advance_decision") == "payment" else None,
        "paper_days": work.terms.limits[PAPERS].amount,
        "papers_to": "县医保局" if known.get("variant") == DIRECT else "乡镇（街道）受理窗口",
        "advance_reason": work.sealed.get("advance_reason")
        or work.sealed.get("identity_note")
        or sealed_of(work, "verify_identity").get("identity_note"),
    }
    if "aid_fen" in known and granted_yuan:
        aid = amounts.yuan(known["aid_fen"])
        told["advance_rest"] = max(ZERO, aid - granted_yuan)
        told["advance_owed"] = max(ZERO, granted_yuan - aid) or None
    return told


def nothing_to_pay(step: Step) -> bool:
    """Whether the advance covers all that the decision grants."""
    known = step.variables
    return bool(known.get("advance_granted_fen")) and known.get("aid_fen", 0) <= known["advance_granted_fen"]


# Small things ---------------------------------------------------------------------------------------


def _maybe_yuan(fen: Any) -> Decimal | None:
    return None if fen is None else amounts.yuan(fen)


def _advance(work: Work) -> Any:
    return work.conn.execute(select(ADVANCE).where(ADVANCE.c.case_id == work.row.id)).one()


def _change(work: Work, **values: Any) -> None:
    work.conn.execute(update(ADVANCE).where(ADVANCE.c.case_id == work.row.id).values(**values))
