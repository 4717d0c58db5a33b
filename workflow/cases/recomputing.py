"""What was due for a case, worked out anew from the register as it stands now (domain 2.12, 3.1).

The whole year of the person counts, in the order of settlement, each bill with what is due for the earlier
ones; so a corrected category or bill shows in every later bill too.
"""

from collections.abc import Sequence
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, or_, select

from workflow import amounts
from workflow.cases import facts
from workflow.deadlines import SHANGHAI
from workflow.register.identity import birth_of
from workflow.store.models import Category, Claim, Person, table


def due_for(conn: Connection, policy: amounts.Policy, case: Any) -> Decimal | None:
    """Yuan due for the bills of a case; None where the tariff cannot be applied to one of them.

    `case` has id and applicant_id.
    """
    person = conn.execute(select(Person.id, Person.id_number).where(Person.id == case.applicant_id)).one()
    bills = conn.execute(
        select(table(Claim))
        .where(Claim.person_id == person.id, or_(Claim.case_id == case.id.hex, Claim.aid_paid.is_not(None)))
        .order_by(Claim.settled_on, Claim.id)
    ).all()
    held = conn.execute(select(table(Category)).where(Category.person_id == person.id)).all()
    own = {_key(bill) for bill in bills if bill.case_id == case.id.hex}
    total = Decimal("0.00")
    for year in sorted({bill.settled_on.year for bill in bills if _key(bill) in own}):
        claims = [_claim(bill, held) for bill in bills if bill.settled_on.year == year]
        try:
            computed = amounts.recompute_year(policy, claims, birth_of(person.id_number))
        except amounts.ClaimRefused:
            return None
        total += sum((line.result.aid for line in computed.lines if line.id in own), Decimal("0.00"))
    return total


def _key(bill: Any) -> str:
    return f"{bill.id:012d}"


def _claim(bill: Any, held: Sequence[Any]) -> amounts.SettledClaim:
    return amounts.SettledClaim(
        id=_key(bill),
        bill=facts.bill_of(bill),
        categories=tuple(row.code for row in held if facts.is_valid(row, bill.admitted_on)),
        settled_at=datetime.combine(bill.settled_on, time(), SHANGHAI),
        paid=bill.aid_paid or Decimal("0.00"),
        serious_illness_settled=bill.serious_illness_settled,
    )
