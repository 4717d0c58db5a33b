"""Issue a letter: gather what its text asks for, give it a number, keep the values it was filled with."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, func, insert, select

from bpmn.letters import Letter as WordedLetter
from workflow.cases import (
    advances,
    automatic,
    cards,
    disclosing,
    recoveries,
    remedies,
    rosters,
    setting_off,
    temporary,
)
from workflow.cases import clocks as clockwork
from workflow.cases.county import county_of
from workflow.cases.numbers import next_number
from workflow.cases.sealed import sealed_at, sealed_of_each
from workflow.cases.work import Work
from workflow.deadlines import SHANGHAI
from workflow.engine import Step
from workflow.evidence.documents import LETTER, letter_bytes, seal
from workflow.letter_words import GIVES
from workflow.letters import Document, write
from workflow.store.models import Calculation, Claim, Letter, Objection, Person, Posting, table
from workflow.store.prepared import Prepared

POSTINGS = {1: "评议结果公示", 2: "审核意见公示", 3: "审批意见公示", 4: "初审结果公示"}
DECIDING = ("approve_in_township", "check_calculation", "file_with_county", "decide", "review_case",
            "decide_card", "approve_temporary", "approve_delegated")  # fmt: skip
"""The steps that say facts and legal basis of a decision; what a later one says holds."""
REVIEW = "record_review"
RESULTS = {
    "unfounded": "异议不成立",
    "founded": "异议成立，更正后重新公示",
    "unclear": "情况不能查清，由县级决定",
}
HELP = {"none": "申请人自行补齐", "staff": "由工作人员帮办代办", "commitment": "以承诺书代替"}
_ISSUE = Prepared(insert(table(Letter)), "case_id", "kind", "number", "issued_at", "fields", "seq")
_APPLICANT = Prepared(
    select(Person.name, Person.id_number, Person.account_number).where(Person.id == bindparam("person_id"))
)
_OBJECTION = Prepared(
    select(Objection.received_at, Objection.seq, Posting.number)
    .join(Posting, Posting.id == Objection.posting_id)
    .where(Objection.case_id == bindparam("case"))
    .order_by(Objection.named.desc(), Objection.id.desc())
    .limit(1)
)
_SHEETS = Prepared(
    select(Calculation.aid, Calculation.sheet)
    .where(Calculation.case_id == bindparam("case"))
    .order_by(Calculation.id.desc())
    .limit(1)
)
_TOTALS = Prepared(
    select(
        func.sum(Claim.total).label("total"),
        func.sum(Claim.out_of_catalogue).label("out_of_catalogue"),
        func.sum(Claim.basic).label("basic"),
        func.sum(Claim.serious_illness).label("serious_illness"),
        func.sum(Claim.commercial).label("commercial"),
        func.sum(Claim.other_relief).label("other_relief"),
    ).where(Claim.case_id == bindparam("case"))
)
AID_KIND = "医疗救助"
EXTENSION = "extension_notice"
"""The letter of an extension, which goes out beside the steps; a flow may have one of its own."""


def extension_of(flow: str) -> str:
    """What a flow's own letter of an extension is called, if it has one."""
    return f"{flow}_extension"


def issue_beside(work: Work, letter_id: str, given: Mapping[str, Any]) -> None:
    """Write a letter that no step of the diagram sends, such as that of an extension."""
    nowhere = Step(work.row.engine, (), (), (), (), {}, {}, None)
    issue(work, letter_id, nowhere, given)


def draft(work: Work, letter_id: str, given: Mapping[str, Any]) -> Document:
    """A letter as `issue_beside` would write it, before it has a number; nothing is kept."""
    nowhere = Step(work.row.engine, (), (), (), (), {}, {}, None)
    letter = work.rules.rulebook.letters[letter_id]
    return write(letter, _fields(work, letter, nowhere, {**given, "serial": "＿＿"}))


def issue(work: Work, letter_id: str, step: Step, given: Mapping[str, Any] | None = None) -> None:
    """Write the letter's row. Its text is made from these values whenever it is shown or printed."""
    letter = work.rules.rulebook.letters[letter_id]
    serial = int(next_number(work.conn, f"letter-{letter.kind}-{work.today.year}", "{}"))
    stored = _fields(work, letter, step, {**(given or {}), "serial": serial})
    document = write(letter, stored)
    seal(work.sealed, LETTER, letter_bytes(letter_id, document.number, stored))
    _ISSUE.change(
        work.conn,
        {
            "case_id": work.row.id,
            "kind": letter_id,
            "number": document.number,
            "issued_at": work.at,
            "fields": stored,
            "seq": work.row.seq + 1,
        },
    )
    work.want_receipt()
    work.letters.append(document.number)


def _fields(work: Work, letter: WordedLetter, step: Step, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values a letter is filled with, as they are kept: the given ones, then what the sources know."""
    wanted = {*letter.fields, *letter.optional}
    fields: dict[str, Any] = {**given, "year": work.today.year}
    for name, source in SOURCES.items():
        missing = GIVES[name] & (wanted - fields.keys())
        if missing:
            fields.update({k: v for k, v in source(work, step).items() if k in missing and v is not None})
    return {key: _plain(value) for key, value in fields.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if isinstance(value, date) else value


def county(work: Work, step: Step) -> dict[str, Any]:
    place, row = county_of(work.rules.rulebook), work.rules.rulebook.flows.get(work.row.flow)
    return {
        "county_short": place.short.zh,
        "authority": place.authority.zh,
        "bureau": place.authority.zh,
        "county_government": place.government.zh,
        "court": place.court.zh,
        "review_site": place.review_site,
        "handler_phone": place.handler_phone,
        "complaint_phone": place.complaint_phone,
        "issued_on": work.today,
        "handler": work.actor.name or place.authority.zh,
        "aid_kind": AID_KIND if row is None or row.asked_for is None else row.asked_for.zh,
        "case_number": work.row.number,
        "withdrawn_on": work.today,
        "accepted_on": work.today,
        "first_check_days": work.terms.limits["D05"].amount,
        "supplement_days": work.terms.limits["D02"].amount,
        "pay_by": None if advances.nothing_to_pay(step) else _last_day(work, "D11"),
        "supplement_by": _last_day(work, "D02"),
    }


def _last_day(work: Work, limit_id: str) -> date:
    end = clockwork.due_by((), work.terms.limits, work.calendar, work.at, limit_id)
    return date.fromordinal(end.astimezone(SHANGHAI).date().toordinal() - 1)


def applicant(work: Work, step: Step) -> dict[str, Any]:
    person = _APPLICANT.first(work.conn, {"person_id": work.row.applicant_id})
    applied = sealed_at(work, 0).get("paper_date") or work.row.opened_at.astimezone(SHANGHAI).date()
    return {
        "name": person.name,
        "id_number": person.id_number,
        "account": person.account_number or "",
        "applied_on": applied,
    }


def forms(work: Work, step: Step) -> dict[str, Any]:
    """What earlier steps have written, opened from the vault, and what this one has."""
    now = work.sealed
    written = sealed_of_each(work, (*DECIDING, REVIEW))
    reviewed = written.pop(REVIEW, {})
    decided = {key: value for part in written.values() for key, value in part.items()} | now
    variables = step.variables
    code = str(variables.get("refusal_reason") or variables.get("refusal_code") or "")
    reasons = work.rules.rulebook.reasons
    missing = [work.rules.rulebook.papers[kind].name.zh for kind in variables.get("missing") or ()]
    notes = [line for line in str(now.get("missing_note") or "").splitlines() if line.strip()]
    return {
        "missing": notes or missing,
        "help": HELP.get(str(now.get("help_offered", "none"))),
        "competent_office": now.get("competent_office"),
        "facts": decided.get("refusal_facts") or decided.get("review_facts"),
        "reason_code": code or None,
        "reason": now.get("review_reasons") or (reasons[code].name.zh if code in reasons else None),
        "legal_basis": decided.get("legal_basis"),
        "article": decided.get("article"),
        "steps": _steps(step),
        "answer": now.get("answer") or now.get("findings"),
        "result": RESULTS.get(str(variables.get("objection_result"))),
        "review_on": reviewed.get("meeting_date"),
        "votes": "同意{votes_yes}票、反对{votes_no}票、弃权{votes_abstain}票".format(**variables)
        if "votes_yes" in variables
        else None,
    }


def _steps(step: Step) -> str:
    steps = ["乡镇审核、公示", "县级复核"]
    if step.variables.get("review_passed"):
        steps.insert(0, "村民代表评议、公示")
    return "、".join(steps)


def objection(work: Work, step: Step) -> dict[str, Any]:
    row = _OBJECTION.first(work.conn, {"case": work.row.id})
    if row is None:
        return {}
    opened = sealed_at(work, row.seq)
    return {
        "objection_on": row.received_at.astimezone(SHANGHAI).date(),
        "objector": opened.get("objector") or "异议人",
        "posting_title": POSTINGS[row.number],
    }


def money(work: Work, step: Step) -> dict[str, Any]:
    """The figures of the newest calculation; a sum where there are several bills."""
    sheet = _SHEETS.first(work.conn, {"case": work.row.id})
    totals = _TOTALS.first(work.conn, {"case": work.row.id.hex})
    if sheet is None or totals[0] is None:
        return {}
    t, o, b, s, m, r = totals
    first = sheet.sheet[0]
    lines = {line["symbol"]: line for line in first["sheet"]["lines"]}
    category = work.terms.categories.get(first["category"] or "")
    return {
        "total": t,
        "out_of_catalogue": o,
        "basic": b,
        "serious_illness": s,
        "other_paid": m + r,
        "self_pay": max(Decimal("0.00"), t - o - b - s - m - r),
        "category": category.zh if category else "未定",
        "deductible": _amount(lines, "K"),
        "ratio": lines["F1"]["formula"].partition("= ")[2] if "F1" in lines else "",
        "paid_this_year": _amount(lines, "A0"),
        "annual_limit": _amount(lines, "L"),
        "aid": sheet.aid,
        "reading": first["sheet"]["reading_title"]["zh"] if first["category"] == "YBZP" else None,
        "calculation": "，".join(
            f"{line['label']['zh']}{line['amount']}元"
            for symbol in ("P", "P0", "K", "raw", "L", "A0")
            if (line := lines.get(symbol)) and line["amount"] is not None
        ),
    }


def _amount(lines: Mapping[str, Any], symbol: str) -> Decimal:
    amount = lines.get(symbol, {}).get("amount")
    return Decimal(amount) if amount is not None else Decimal("0.00")


Source = Callable[[Work, Step], Mapping[str, Any]]
SOURCES: Mapping[str, Source] = {
    "county": county,
    "applicant": applicant,
    "remedies": remedies.said,
    "rosters": rosters.said,
    "cards": cards.said,
    "disclosing": disclosing.said,
    "temporary": temporary.said,
    "automatic": automatic.said,
    "forms": forms,
    "objection": objection,
    "money": money,
    "advances": advances.words,
    "recoveries": recoveries.words,
    "set_off": setting_off.words,
}
"""Who is asked, in this order: the first who knows a value gives it."""
