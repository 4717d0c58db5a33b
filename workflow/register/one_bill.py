"""One settled bill typed in at the window, in the symbols of domain 1.5."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import insert, select

import audit
from bpmn import Text
from workflow.actor import Actor
from workflow.amounts import Policy
from workflow.cases.refusing import log_system
from workflow.deadlines import SHANGHAI
from workflow.errors import AnswersRefused, FieldFault, NotAllowed
from workflow.house import House
from workflow.register.applicants import ready
from workflow.register.typed import Raw, Reading, day_of, money, one_of, short
from workflow.store import transaction
from workflow.store.models import Claim, table

PARTS: Final = ("out_of_catalogue", "basic", "serious_illness", "commercial", "other_relief")
BILL_REGISTERED = audit.declare("bill_registered", needs=["person", "bill"])


def register_bill(
    house: House, actor: Actor, person_id: int, raw: Raw, *, at: datetime, request_id: str
) -> int:
    """Register a settled bill of a person. Returns its id; the same bill once more is the same bill.

    Raises:
        AnswersRefused: O + B + S + M + R must not exceed T, admission ≤ discharge ≤ settlement ≤ today,
            invoice, hospital and day are unique in the whole register (domain 4.2).
        NotFound, NotAllowed
    """
    today = at.astimezone(SHANGHAI).date()
    with transaction(house.engine) as conn:
        ready(conn, actor, person_id)
        values = _bill(raw, today, house.rules().kinds)
        there = conn.execute(
            select(table(Claim)).where(
                Claim.invoice_number == values["invoice_number"],
                Claim.hospital == values["hospital"],
                Claim.settled_on == values["settled_on"],
            )
        ).first()
        if there is not None:
            if there.person_id == person_id and all(getattr(there, key) == values[key] for key in values):
                return int(there.id)
            words = Text("这张发票已经登记过", "This invoice is registered already")
            raise AnswersRefused([FieldFault("invoice_number", words)])
        bill_id = conn.execute(
            insert(Claim).values(person_id=person_id, **values).returning(Claim.id)
        ).scalar_one()
        facts: dict[str, object] = {"person": person_id, "bill": bill_id}
        log_system(house, conn, actor, BILL_REGISTERED.name, facts, at, request_id)
    return int(bill_id)


def _bill(raw: Raw, today: date, kinds: Mapping[str, object]) -> dict[str, Any]:
    reading = Reading(raw)
    values: dict[str, Any] = {
        "hospital": reading.take("hospital", short(60)),
        "invoice_number": reading.take("invoice_number", short(32)),
        "kind": reading.take("kind", one_of(kinds)),
        "admitted_on": reading.take("admitted_on", day_of),
        "discharged_on": reading.take("discharged_on", day_of, needed=False),
        "settled_on": reading.take("settled_on", day_of),
        "total": reading.take("total", money),
    }
    for part in PARTS:
        amount = reading.take(part, money, needed=False)
        values[part] = Decimal("0.00") if amount is None else amount
    settled = reading.take("serious_illness_settled", one_of({"yes": 1, "no": 1}))
    values["serious_illness_settled"] = settled == "yes"
    _check_days(reading, values, today)
    total = values["total"]
    together = sum((values[part] for part in PARTS), Decimal("0.00"))
    if total is not None and together > total:
        reading.fault(
            "total",
            f"目录外、医保、大病、商业、其他合计{together:,.2f}元，超过总费用{total:,.2f}元",
            f"The parts add up to {together:,.2f} yuan, more than the total of {total:,.2f}",
        )
    reading.finish()
    return values


def _check_days(reading: Reading, values: Mapping[str, Any], today: date) -> None:
    admitted, discharged, settled = values["admitted_on"], values["discharged_on"], values["settled_on"]
    if admitted and discharged and discharged < admitted:
        reading.fault(
            "discharged_on",
            f"出院{discharged}早于入院{admitted}",
            f"Discharged {discharged}, before the admission {admitted}",
        )
    last = discharged or admitted
    if settled and last and settled < last:
        reading.fault(
            "settled_on",
            f"结算{settled}早于出院或就诊{last}",
            f"Settled {settled}, before discharge or service {last}",
        )
    if settled and settled > today:
        reading.fault("settled_on", "结算日期在今天之后", "The day of settlement lies in the future")


def policy_today(policies: Mapping[str, Policy], today: date, place: str, way: str) -> str:
    """The policy set that is in force today for applications of a place (division code) on a way.

    Raises:
        NotAllowed: none is; an application could not be computed.
    """
    policy = policy_if_any(policies, today, place, way)
    if policy is None:
        words = Text(
            "今天没有生效的政策，不能登记申请。请找县医保局。", "No policy is in force today; ask the bureau."
        )
        raise NotAllowed("policy", words)
    return policy.id


def policy_if_any(policies: Mapping[str, Policy], today: date, place: str, way: str) -> Policy | None:
    """The same, where it is no fault that there is none."""
    valid = (policy for policy in policies.values() if policy.applies(today, place, way))
    return max(valid, key=lambda policy: policy.precedence, default=None)


def kinds_of_bill(policies: Mapping[str, Policy], today: date, place: str) -> Mapping[str, Text]:
    """The kinds of treatment that the policy sets in force at a place speak of."""
    kinds: dict[str, Text] = {}
    for policy in policies.values():
        if policy.in_force(today) and policy.covers(place):
            kinds |= policy.kinds
    return kinds
