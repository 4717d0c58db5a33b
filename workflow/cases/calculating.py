"""The aid of a case, worked out from the register as it stands (domain 3.1)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, insert, select

from workflow import amounts
from workflow.cases.work import Work
from workflow.evidence.documents import SHEET, seal, sheet_bytes
from workflow.register.identity import birth_of
from workflow.store.models import Calculation, Case, Category, Claim, Person, table
from workflow.store.prepared import Prepared, PreparedFor

CLAIM, CASE, CALCULATION = table(Claim), table(Case), table(Calculation)
_NOTHING_CAME_OUT = CASE.c.aid.is_(None) | (CASE.c.aid == Decimal("0.00"))
DECIDED_BY_AMOUNT = (CASE.c.outcome == "approved") | ((CASE.c.outcome == "refused") & _NOTHING_CAME_OUT)
"""Cases whose bills count in the year: approved, or refused because nothing came out. A refusal for another
reason leaves the bill as if it had never been handed in.
"""
PERSON = Prepared(select(table(Person)).where(Person.id == bindparam("person_id")))
_CLAIMS = Prepared(
    select(CLAIM).where(CLAIM.c.case_id == bindparam("case")).order_by(CLAIM.c.settled_on, CLAIM.c.id)
)
HELD = Prepared(select(table(Category)).where(Category.person_id == bindparam("person_id")))
_BEFORE = Prepared(
    select(CLAIM).where(
        CLAIM.c.person_id == bindparam("person_id"),
        CLAIM.c.case_id.is_distinct_from(bindparam("case")),
        CLAIM.c.aid_paid.is_not(None) | CLAIM.c.case_id.is_not(None),
    )
)
_NEWEST_SHEETS = PreparedFor(
    CALCULATION.c.case_id,
    lambda cases: select(CALCULATION.c.case_id, CALCULATION.c.sheet).where(
        CALCULATION.c.id.in_(
            select(func.max(CALCULATION.c.id))
            .where(CALCULATION.c.case_id.in_(cases))
            .group_by(CALCULATION.c.case_id)
        )
    ),
)
_BILLS = PreparedFor(
    CLAIM.c.case_id,
    lambda cases: (
        select(CLAIM.c.id, CLAIM.c.case_id)
        .where(CLAIM.c.case_id.in_(cases))
        .order_by(CLAIM.c.settled_on, CLAIM.c.id)
    ),
)
_SHEET = Prepared(insert(CALCULATION), "case_id", "seq", "at", "policy", "aid", "sheet")


def calculation(work: Work, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Work out the aid for every bill of the case, in the order of settlement, and keep the sheet.

    The amount with a merge decision is told as well; where the policy knows none it is the same [C-10].
    """
    policy = work.rules.policies[work.row.policy]
    papers = papers_of(work.conn, work.row)
    merged, persons = bool(variables.get("limits_merged")), int(variables.get("persons") or 1)
    results = _results(policy, papers, merged=merged, persons=persons)
    aid = _sum(results)
    sheet = [_sheet(claim, result) for claim, result in zip(papers.claims, results, strict=True)]
    keep_sheet(work, aid, sheet)
    best = max(results, key=lambda result: result.aid, default=None)
    together = aid
    if not merged and any(pool.merges for pool in policy.pools.values()):
        together = _sum(_results(policy, papers, merged=True, persons=persons))
    return {
        "aid_fen": amounts.fen(aid),
        "aid_merged_fen": amounts.fen(together),
        "aid_category": (best and best.category) or "",
        "warnings": sorted({code for result in results for code in result.warnings}),
    }


def _sheet(claim: Any, result: amounts.Result) -> Mapping[str, Any]:
    """Of one bill. Where it is decided again, what other departments have given for it stays as it was."""
    if not claim.aided_otherwise:
        return result.as_json()
    share = Share(result.aid, claim.aided_otherwise, claim.aided_before)
    return {**result.as_json(), "medical_assistance": share.as_json()}


def keep_sheet(work: Work, aid: Decimal, sheet: Sequence[Mapping[str, Any]]) -> None:
    """Keep a calculation with the entry being made, and its digest in it: every sheet is kept this way."""
    seal(work.sealed, SHEET, sheet_bytes(work.row.policy, aid, sheet))
    _SHEET.change(
        work.conn,
        {
            "case_id": work.row.id,
            "seq": work.row.seq + 1,
            "at": work.at,
            "policy": work.row.policy,
            "aid": aid,
            "sheet": sheet,
        },
    )


def calculate(conn: Connection, policy: amounts.Policy, case: Any) -> list[amounts.Result]:
    """The sheet of each bill of a case (its id and applicant_id are asked for), without keeping it."""
    return _results(policy, papers_of(conn, case), merged=False, persons=1)


def estimate(conn: Connection, policy: amounts.Policy, case: Any, bill: amounts.Bill) -> amounts.Result:
    """The aid that a bill not yet settled would give the applicant of a case, after what was decided before.

    Raises:
        ClaimRefused: the bill cannot be computed.
    """
    papers = papers_of(conn, case)
    held = held_on(papers.held, policy, bill.admitted)
    return amounts.compute(policy, bill, held, papers.birth, papers.earlier(policy, bill.settled.year))


@dataclass(frozen=True, slots=True)
class DecidedBill:
    """A bill that was decided on: the register's row, the figures it was judged by, what medical
    assistance gives for it in yuan.
    """

    row: Any
    bill: amounts.Bill
    aid: Decimal

    def earlier(self) -> amounts.Earlier:
        """As it counts for a later bill of the year."""
        return _earlier(self.bill, self.aid)


@dataclass(frozen=True, slots=True)
class Papers:
    """What a calculation reads: the person, the case's bills, categories held, decided bills with aid."""

    birth: date
    claims: Sequence[Any]
    held: Sequence[Any]
    before: Sequence[DecidedBill]

    def earlier(self, policy: amounts.Policy, year: int) -> list[amounts.Earlier]:
        """The decided bills of a year that concern the pools of a policy set; what another programme
        has paid for does not.
        """
        return [
            each.earlier()
            for each in self.before
            if each.row.kind in policy.kinds and each.row.settled_on.year == year
        ]


def papers_of(conn: Connection, case: Any) -> Papers:
    """Of a case: its id and applicant_id are asked for."""
    person = PERSON.first(conn, {"person_id": case.applicant_id})
    return Papers(
        birth=birth_of(person.id_number),
        claims=_CLAIMS.all(conn, {"case": case.id.hex}),
        held=HELD.all(conn, {"person_id": person.id}),
        before=decided_bills(conn, person.id, besides=case.id),
    )


def _results(policy: amounts.Policy, papers: Papers, *, merged: bool, persons: int) -> list[amounts.Result]:
    years = {claim.settled_on.year for claim in papers.claims}
    earlier = {year: papers.earlier(policy, year) for year in years}
    results = []
    for claim in papers.claims:
        mine, bill = earlier[claim.settled_on.year], bill_of(claim)
        result = amounts.compute(
            policy,
            bill,
            held_on(papers.held, policy, claim.admitted_on),
            papers.birth,
            mine,
            serious_illness_settled=claim.serious_illness_settled,
            merged=merged,
            persons=persons,
        )
        mine.append(_earlier(bill, result.aid))
        results.append(result)
    return results


def _sum(results: Sequence[amounts.Result]) -> Decimal:
    return sum((result.aid for result in results), Decimal("0.00"))


def bill_of(claim: Any, aided: Decimal | None = None) -> amounts.Bill:
    """A row of the register in the symbols of domain 1.5. `aided`: yuan other departments give before
    medical assistance, where the register does not know it yet.
    """
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
        aided=(claim.aided_before or Decimal("0.00")) if aided is None else aided,
    )


def held_on(held: Sequence[Any], policy: amounts.Policy, day: date) -> list[str]:
    """The categories valid on the day of admission that this policy set knows of (domain 1.3)."""
    return [
        row.code
        for row in held
        if row.valid_from <= day
        and (row.valid_to is None or day <= row.valid_to)
        and row.code in policy.order
    ]


def decided_bills(conn: Connection, person_id: int, *, besides: UUID | None = None) -> list[DecidedBill]:
    """The person's bills that were decided on, each with its aid (domain 3.1 item 2), but for one case.

    That is what was paid; what is approved and still on its way, so that two cases never share one
    limit; and what was refused because nothing came out, for its self-pay uses up the deductible.
    """
    bills = _BEFORE.all(conn, {"person_id": person_id, "case": besides.hex if besides else ""})
    found = [DecidedBill(row, bill_of(row), row.aid_paid) for row in bills if row.aid_paid is not None]
    others = {UUID(hex=row.case_id) for row in bills if row.aid_paid is None}
    if not others:
        return found
    counted = conn.scalars(select(CASE.c.id).where(CASE.c.id.in_(others), DECIDED_BY_AMOUNT)).all()
    shares = shares_per_bill(conn, counted)
    return found + [
        DecidedBill(row, bill_of(row, shares[row.id].before), shares[row.id].aid)
        for row in bills
        if row.aid_paid is None and row.id in shares
    ]


@dataclass(frozen=True, slots=True)
class Share:
    """Of a bill, in yuan: what medical assistance gives, what other departments give, and what of that
    they give before it (domain 3.9). Only the first counts in the limits of the year.
    """

    aid: Decimal
    otherwise: Decimal
    before: Decimal

    def as_json(self) -> dict[str, str]:
        return {name: amounts.money(getattr(self, name)) for name in self.__slots__}


def share_of(sheet: Mapping[str, Any]) -> Share:
    """What a sheet says of it; without other departments all is medical assistance."""
    share = sheet.get("medical_assistance", {"aid": sheet["aid"], "otherwise": "0.00", "before": "0.00"})
    return Share(**{name: Decimal(value) for name, value in share.items()})


def shares_per_bill(conn: Connection, case_ids: Sequence[UUID]) -> dict[int, Share]:
    """By the newest calculation of each bill's case; bills of cases never calculated are left out."""
    return {bill: share_of(sheet) for bill, sheet in sheets_per_bill(conn, case_ids).items()}


def sheets_per_bill(conn: Connection, case_ids: Sequence[UUID]) -> dict[int, Mapping[str, Any]]:
    """Bill → its sheet in the newest calculation of its case, in the order of settlement."""
    if not case_ids:
        return {}
    sheets = {row.case_id.hex: row.sheet for row in _NEWEST_SHEETS.all(conn, case_ids, {})}
    bills: dict[str, list[int]] = defaultdict(list)
    for row in _BILLS.all(conn, [case_id.hex for case_id in case_ids], {}):
        bills[row.case_id].append(row.id)
    return {
        bill: sheet
        for case_id, mine in bills.items()
        for bill, sheet in zip(mine, sheets.get(case_id, ()), strict=case_id in sheets)
    }


def _earlier(bill: amounts.Bill, aid: Decimal) -> amounts.Earlier:
    return amounts.Earlier(P=bill.self_pay("OBSMR"), paid=aid, kind=bill.kind, bill=bill)
