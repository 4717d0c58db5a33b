"""What was due, worked out anew from the register as it stands now: for a recovery, or an appeal
(domain 2.12, 3.10).

The whole year of a person counts, in the order of settlement, each claim with what is due for the earlier
ones; so a corrected category or bill shows in every later claim too. Each claim is judged by the policy
set and rule book of its own case.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from workflow import amounts
from workflow.cases.calculating import DecidedBill, decided_bills, held_on, share_of, sheets_per_bill
from workflow.cases.matters import matter_of
from workflow.deadlines import SHANGHAI
from workflow.errors import NotFound
from workflow.house import House
from workflow.register.identity import birth_of
from workflow.store.models import Case, Category, Claim, Person, table

CASE, CLAIM = table(Case), table(Claim)


def decided_claims(
    house: House, conn: Connection, person_id: int, year: int, *, otherwise: amounts.Policy
) -> tuple[amounts.SettledClaim, ...]:
    """The person's claims of a calendar year that were decided on, as they stand in the register.

    `paid` is what was paid or is on its way; 0 where nothing came out. `otherwise`: the policy set of
    claims that came in without a case, by an import.
    """
    bills = sorted(
        (each for each in decided_bills(conn, person_id) if each.row.settled_on.year == year),
        key=lambda each: (each.row.settled_on, each.row.id),
    )
    held = conn.execute(select(table(Category)).where(Category.person_id == person_id)).all()
    owners = [UUID(hex=owner) for owner in sorted({each.row.case_id for each in bills if each.row.case_id})]
    judged = {
        row.id.hex: house.rules(row.rulebook).policies[row.policy]
        for row in conn.execute(
            select(CASE.c.id, CASE.c.rulebook, CASE.c.policy).where(CASE.c.id.in_(owners))
        )
    }
    sheets = sheets_per_bill(conn, owners)
    claims = []
    for each in bills:
        row = each.row
        policy = judged.get(row.case_id, otherwise)
        claims.append(settled_claim(each, held, policy, sheets.get(row.id)))
    return tuple(claims)


def settled_claim(
    each: DecidedBill, held: Sequence[Any], policy: amounts.Policy, sheet: Mapping[str, Any] | None
) -> amounts.SettledClaim:
    """A decided bill as the year is computed from. `held`: the person's categories; `sheet`: of the newest
    calculation, which says how the bill was decided.
    """
    row, decided = each.row, (sheet or {}).get("sheet", {})
    return amounts.SettledClaim(
        id=str(row.id),
        bill=each.bill,
        categories=tuple(held_on(held, policy, row.admitted_on)),
        settled_at=datetime.combine(row.settled_on, time(), SHANGHAI),
        paid=each.aid,
        serious_illness_settled=row.serious_illness_settled,
        merged=bool(decided.get("merged", False)),
        persons=int(decided.get("persons", 1)),
        policy=policy,
    )


def year_again(
    house: House, conn: Connection, person_id: int, year: int, *, otherwise: amounts.Policy
) -> amounts.Year:
    """The person's year from scratch, with the difference of every claim.

    Raises:
        NotFound: there is no such person.
        ClaimRefused: a claim of the year cannot be computed; says which figure is wrong.
    """
    number = conn.scalar(select(Person.id_number).where(Person.id == person_id))
    if number is None:
        raise NotFound()
    claims = decided_claims(house, conn, person_id, year, otherwise=otherwise)
    return amounts.recompute_year(otherwise, claims, birth_of(number))


def due_for(house: House, conn: Connection, case: Any) -> Decimal | None:
    """Yuan due for the bills of a decided case, wherever they were decided again; None where there is
    no bill, or the tariff cannot be applied to one of them.

    What other departments agreed to stays as it was. `case` has id, applicant_id, policy and rulebook.
    """
    policy = house.rules(case.rulebook).policies[case.policy]
    matter = matter_of(conn, case.id)
    own = conn.execute(
        select(CLAIM.c.id, CLAIM.c.settled_on).where(CLAIM.c.case_id.in_([each.hex for each in matter]))
    ).all()
    if not own:
        return None
    mine = {str(bill.id) for bill in own}
    sheets = sheets_per_bill(conn, matter).values()
    total = sum((share_of(sheet).otherwise for sheet in sheets), Decimal("0.00"))
    for year in sorted({bill.settled_on.year for bill in own}):
        try:
            computed = year_again(house, conn, case.applicant_id, year, otherwise=policy)
        except amounts.ClaimRefused:
            return None
        total += sum((line.result.aid for line in computed.lines if line.id in mine), Decimal("0.00"))
    return total
