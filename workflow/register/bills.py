"""Settled bills (已结算费用) from the insurance side, in the symbols of domain 1.5. All rows or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select

from bpmn.text import Text
from workflow.errors import RowFault, RowsRefused
from workflow.register.identity import check_id_number, check_name
from workflow.register.lookups import bites, day_of, filled, one_of, people_by_number
from workflow.register.rosters import Imported
from workflow.register.table import Row as Line
from workflow.register.table import Sheet
from workflow.store.models import Claim, table

REQUIRED: Final = {
    "id_number": ("公民身份号码", "身份证号", "身份证号码", "id_number"),
    "name": ("姓名", "name"),
    "hospital": ("医院", "医疗机构", "就诊机构", "hospital"),
    "invoice": ("发票号", "票据号", "invoice_number"),
    "kind": ("类型", "就诊类型", "费用类型", "kind"),
    "admitted": ("入院日期", "就诊日期", "admitted_on"),
    "settled": ("结算日期", "settled_on"),
    "total": ("医疗总费用", "总费用", "T", "total"),
    "outside": ("目录外费用", "自费费用", "O", "out_of_catalogue"),
    "basic": ("基本医保支付", "基本医保报销", "B", "basic"),
    "serious": ("大病保险支付", "大病保险报销", "S", "serious_illness"),
}
OPTIONAL: Final = {
    "discharged": ("出院日期", "discharged_on"),
    "commercial": ("商业保险支付", "补充保险支付", "M", "commercial"),
    "relief": ("其他救助", "R", "other_relief"),
    "settled_serious": ("大病保险已结算", "serious_illness_settled"),
    "aid": ("已救助金额", "aid_paid"),
}
ALSO: Final = {
    "门诊慢性病": "outpatient_chronic",
    "慢特病门诊": "outpatient_chronic",
    "罕见病用药": "rare_drug",
    "罕见病药品": "rare_drug",
}
"""What hospitals write for a kind, beside its code and the names of the policy sets."""
PARTS: Final = ("outside", "basic", "serious", "commercial", "relief")


@dataclass(frozen=True, slots=True)
class _Bill:
    line: Line
    id_number: str
    name: str
    values: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str, date]:
        return self.values["invoice_number"], self.values["hospital"], self.values["settled_on"]


def words_for_kinds(kinds: Mapping[str, Mapping[str, Text]]) -> dict[str, str]:
    """Every word that names a kind in a table → its code. `kinds`: code → names."""
    words = {word: kind for word, kind in ALSO.items() if kind in kinds}
    for kind, names in kinds.items():
        words.update({name.zh: kind for name in names.values()})
    return words | {kind: kind for kind in kinds}


def import_claims(
    conn: Connection,
    sheet: Sheet,
    *,
    kinds: Mapping[str, Mapping[str, Text]],
    today: date,
    demonstration: bool = False,
) -> Imported:
    """Import settled bills of registered people inside the caller's transaction.

    Args:
        kinds: the kinds that the policy sets know, with their names.

    A bill that is there already with the same figures counts as unchanged; with other figures it is a fault.

    Raises:
        RowsRefused: with every wrong row; nothing was written.
    """
    sheet.require_columns(REQUIRED, OPTIONAL)
    faults: list[RowFault] = []
    words = words_for_kinds(kinds)
    bills = [bill for line in sheet.rows if (bill := _bill(line, words, faults, today)) is not None]
    people = people_by_number(conn, {bill.id_number for bill in bills})
    there = _there(conn, bills)
    seen: dict[tuple[str, str, date], int] = {}
    fresh: list[dict[str, Any]] = []
    for bill in bills:
        person = people.get(bill.id_number)
        if person is None:
            faults.append(
                bill.line.fault("id_number", "没有登记这个人，请先导入花名册", "Not in the register yet")
            )
        elif person.name != bill.name:
            faults.append(
                bill.line.fault("name", "与该身份证号登记的姓名不一致", "Another name is registered")
            )
        elif bill.key in seen:
            first = seen[bill.key]
            faults.append(bill.line.fault("invoice", f"与第{first}行重复", f"Same as row {first}"))
        elif bill.key in there:
            if not _same(there[bill.key], bill, person.id):
                faults.append(
                    bill.line.fault(
                        "invoice",
                        "这张发票已经登记，内容不同",
                        "This invoice is registered with other contents",
                    )
                )
        else:
            fresh.append({**bill.values, "person_id": person.id, "demonstration": demonstration})
        seen.setdefault(bill.key, bill.line.number)
    if faults:
        raise RowsRefused(sorted(faults, key=lambda fault: fault.row))
    if fresh:
        conn.execute(insert(Claim), fresh)
    return Imported(len(bills), len(fresh), len(bills) - len(fresh))


def _bill(line: Line, kinds: Mapping[str, str], faults: list[RowFault], today: date) -> _Bill | None:
    before = len(faults)
    number = line.take(faults, "id_number", lambda c: check_id_number(line.text(c), today).text)
    name = line.take(faults, "name", lambda c: check_name(line.text(c)))
    hospital = line.take(faults, "hospital", lambda c: filled(line.text(c), 60))
    invoice = line.take(faults, "invoice", lambda c: filled(line.text(c), 32))
    kind = line.take(faults, "kind", lambda c: one_of(kinds, line.text(c)))
    admitted = line.take(faults, "admitted", lambda c: day_of(line, c))
    settled = line.take(faults, "settled", lambda c: day_of(line, c))
    discharged = line.maybe(faults, "discharged", line.day)
    money = {part: line.take(faults, part, line.money) for part in ("total", *PARTS)}
    if not line.has("total"):
        faults.append(line.fault("total", "不能为空", "Must not be empty"))
    aid = line.maybe(faults, "aid", line.money)
    serious_settled = line.take(faults, "settled_serious", lambda c: line.yes(c, True))
    _check_days(line, faults, admitted, discharged, settled, today)
    if len(faults) > before or not (number and name):
        return None
    amounts = {part: amount or Decimal("0.00") for part, amount in money.items()}
    parts = sum((amounts[part] for part in PARTS), Decimal("0.00"))
    if parts > amounts["total"]:
        faults.append(
            line.fault(
                "total", f"各项之和{parts}大于总费用", f"The parts add up to {parts}, more than the total"
            )
        )
        return None
    values = {
        "hospital": hospital, "invoice_number": invoice, "kind": kind, "admitted_on": admitted,
        "discharged_on": discharged, "settled_on": settled, "total": amounts["total"],
        "out_of_catalogue": amounts["outside"], "basic": amounts["basic"],
        "serious_illness": amounts["serious"], "commercial": amounts["commercial"],
        "other_relief": amounts["relief"], "serious_illness_settled": bool(serious_settled),
        "aid_paid": aid,
    }  # fmt: skip
    return _Bill(line, number, name, values)


def _check_days(
    line: Line,
    faults: list[RowFault],
    admitted: date | None,
    discharged: date | None,
    settled: date | None,
    today: date,
) -> None:
    """Admission ≤ discharge ≤ settlement ≤ today (domain 4.2)."""
    if settled and settled > today:
        faults.append(line.fault("settled", "结算日期在今天之后", "Settled in the future"))
    if admitted and discharged and discharged < admitted:
        faults.append(line.fault("discharged", "出院日期早于入院日期", "Discharged before the admission"))
    last = discharged or admitted
    if settled and last and settled < last:
        faults.append(
            line.fault("settled", "结算日期早于出院(就诊)日期", "Settled before the discharge or service")
        )


def _there(conn: Connection, bills: Sequence[_Bill]) -> dict[tuple[str, str, date], Row[Any]]:
    numbers = sorted({bill.values["invoice_number"] for bill in bills})
    return {
        (row.invoice_number, row.hospital, row.settled_on): row
        for bite in bites(numbers)
        for row in conn.execute(select(table(Claim)).where(Claim.invoice_number.in_(bite)))
    }


def _same(row: Row[Any], bill: _Bill, person_id: int) -> bool:
    """Compared without `aid_paid`, which the payment sets later."""
    facts = {key: value for key, value in bill.values.items() if key != "aid_paid"}
    return row.person_id == person_id and all(getattr(row, key) == value for key, value in facts.items())
