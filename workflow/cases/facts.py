"""What a step needs to know beyond its form: asked at the moment of completion, recorded in the log.

A provider reads the register and returns decision variables; replay serves the recorded values. The
names by which diagrams ask for them stand in `workflow.cases.asking`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, exists, insert, select

from workflow import amounts
from workflow.cases.work import Work
from workflow.register.identity import birth_of
from workflow.store.models import Calculation, Case, Category, Claim, Kin, Person, table
from workflow.store.prepared import Prepared

CLAIM = table(Claim)
_mine = CLAIM.alias()
_PERSON = Prepared(select(table(Person)).where(Person.id == bindparam("person_id")))
_CLAIMS = Prepared(
    select(CLAIM).where(CLAIM.c.case_id == bindparam("case")).order_by(CLAIM.c.settled_on, CLAIM.c.id)
)
_HELD = Prepared(select(table(Category)).where(Category.person_id == bindparam("person_id")))
_BEFORE = Prepared(
    select(CLAIM).where(
        CLAIM.c.person_id == bindparam("person_id"),
        CLAIM.c.case_id.is_distinct_from(bindparam("case")),
        CLAIM.c.aid_paid.is_not(None) | CLAIM.c.case_id.is_not(None),
    )
)
_SHEET = Prepared(insert(table(Calculation)), "case_id", "seq", "at", "policy", "aid", "sheet")
_UNSETTLED = Prepared(
    select(
        exists()
        .where(CLAIM.c.case_id == bindparam("case"), CLAIM.c.serious_illness_settled.is_(False))
        .label("found")
    )
)
_DUPLICATE = Prepared(
    select(
        exists()
        .where(_mine.c.case_id == bindparam("case"))
        .where(CLAIM.c.invoice_number == _mine.c.invoice_number, CLAIM.c.hospital == _mine.c.hospital)
        .where(CLAIM.c.case_id.is_not(None), CLAIM.c.case_id != bindparam("case"))
        .label("found")
    )
)
_RELATIVE = Prepared(
    select(
        exists()
        .where(Kin.id_number == Person.id_number)
        .where((Person.id == bindparam("person_id")) | (Person.household_id == bindparam("household_id")))
        .label("found")
    )
)


def calculation(work: Work, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Work out the aid for every bill of the case, in the order of settlement (domain 3.1)."""
    results = calculate(work.conn, work.rules.policies[work.row.policy], work.row)
    aid = sum((result.aid for result in results), Decimal("0.00"))
    warnings = sorted({code for result in results for code in result.warnings})
    best = max(results, key=lambda result: result.aid, default=None)
    _SHEET.change(
        work.conn,
        {
            "case_id": work.row.id,
            "seq": work.row.seq + 1,
            "at": work.at,
            "policy": work.row.policy,
            "aid": aid,
            "sheet": [result.as_json() for result in results],
        },
    )
    return {
        "aid_fen": int(aid.scaleb(2)),
        "aid_category": (best and best.category) or "",
        "warnings": warnings,
    }


def calculate(conn: Any, policy: amounts.Policy, case: Any) -> list[amounts.Result]:
    """The sheet of each bill of a case, computed from the register as it stands now."""
    person = _PERSON.first(conn, {"person_id": case.applicant_id})
    claims = _CLAIMS.all(conn, {"case": case.id.hex})
    held = _HELD.all(conn, {"person_id": person.id})
    before = _decided_before(conn, person.id, case.id)
    earlier = {
        year: [_earlier(row, aid) for row, aid in before if row.settled_on.year == year]
        for year in years(claims)
    }
    results = []
    for claim in claims:
        result = amounts.compute(
            policy,
            bill_of(claim),
            [row.code for row in held if is_valid(row, claim.admitted_on)],
            birth_of(person.id_number),
            earlier[claim.settled_on.year],
            serious_illness_settled=claim.serious_illness_settled,
        )
        earlier[claim.settled_on.year].append(
            amounts.Earlier(P=result.self_pay, paid=result.aid, kind=claim.kind, bill=bill_of(claim))
        )
        results.append(result)
    return results


def years(claims: Sequence[Any]) -> set[int]:
    return {claim.settled_on.year for claim in claims}


def bill_of(claim: Any) -> amounts.Bill:
    return amounts.Bill(
        T=claim.total,
        O=claim.out_of_catalogue,
        B=claim.basic,
        S=claim.serious_illness,
        M=claim.commercial,
        R=claim.other_relief,
        kind=claim.kind,
        admitted=claim.admitted_on,
        settled=claim.settled_on,
    )


def _decided_before(conn: Connection, person_id: int, case_id: UUID) -> list[tuple[Any, Decimal]]:
    """The person's other bills that were decided on, each with its aid (domain 3.1 item 2).

    That is what was paid; what is approved and still on its way, so that two cases never share one
    limit; and what was refused because nothing came out, for its self-pay uses up the deductible.
    """
    bills = _BEFORE.all(conn, {"person_id": person_id, "case": case_id.hex})
    found = [(row, row.aid_paid) for row in bills if row.aid_paid is not None]
    for other in {UUID(hex=row.case_id) for row in bills if row.aid_paid is None}:
        decided = conn.execute(select(Case.outcome, Case.aid).where(Case.id == other)).one()
        if decided.outcome == "approved" or (decided.outcome == "refused" and not decided.aid):
            aids = dict(aid_per_bill(conn, other))
            found += [(row, aids[row.id]) for row in bills if row.id in aids and row.aid_paid is None]
    return found


def aid_per_bill(conn: Connection, case_id: UUID) -> Iterator[tuple[int, Decimal]]:
    """What each bill of a case is aided with, by the newest calculation; the order is settlement."""
    sheet = conn.scalar(
        select(Calculation.sheet)
        .where(Calculation.case_id == case_id)
        .order_by(Calculation.id.desc())
        .limit(1)
    )
    claims = conn.scalars(
        select(Claim.id).where(Claim.case_id == case_id.hex).order_by(Claim.settled_on, Claim.id)
    ).all()
    for claim_id, result in zip(claims, sheet or (), strict=True):
        yield claim_id, Decimal(result["aid"])


def _earlier(row: Any, aid: Decimal) -> amounts.Earlier:
    bill = bill_of(row)
    return amounts.Earlier(P=bill.self_pay("OBSMR"), paid=aid, kind=row.kind, bill=bill)


def is_valid(row: Any, day: date) -> bool:
    return bool(row.valid_from <= day and (row.valid_to is None or day <= row.valid_to))


def serious_illness(work: Work, variables: Mapping[str, Any]) -> dict[str, Any]:
    """F13: is serious-illness insurance settled for every bill of the case?"""
    return {"serious_illness_settled": not _UNSETTLED.scalar(work.conn, {"case": work.row.id.hex})}


def duplicates(work: Work, variables: Mapping[str, Any]) -> dict[str, Any]:
    """RF-12a: is an invoice of this case in any other case?"""
    return {"duplicate_found": bool(_DUPLICATE.scalar(work.conn, {"case": work.row.id.hex}))}


def relatives(work: Work, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Is anybody of the household filed as a relative of somebody on duty (domain 6.2)?"""
    household = {"person_id": work.row.applicant_id, "household_id": work.row.household_id}
    return {"relative_case": bool(_RELATIVE.scalar(work.conn, household))}
