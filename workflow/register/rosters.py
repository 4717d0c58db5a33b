"""Rosters of categories (花名册): who belongs to which category, since when, on whose word (domain 1.3).

A row names a person by identity number. Whoever is not in the register yet is added, with a household in
the village the row names; a head's identity number puts several rows into one household. All rows or none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from bpmn.text import Text
from workflow.deadlines import SHANGHAI
from workflow.errors import RowFault, RowsRefused
from workflow.register.identity import check_account, check_id_number, check_name, check_phone
from workflow.register.lookups import bites, day_of, filled, one_of, people_by_number, place_code, villages
from workflow.register.table import Row as Line
from workflow.register.table import Sheet
from workflow.store.models import Category, Household, Person, table

REQUIRED: Final = {
    "id_number": ("公民身份号码", "身份证号", "身份证号码", "id_number"),
    "name": ("姓名", "name"),
    "category": ("类别", "救助对象类别", "人员类别", "category"),
    "source": ("认定部门", "来源部门", "source_department"),
    "valid_from": ("生效日期", "认定日期", "valid_from"),
}
OPTIONAL: Final = {
    "valid_to": ("失效日期", "终止日期", "valid_to"),
    "evidence": ("证明编号", "证件号", "evidence"),
    "village": ("村", "村(社区)", "村代码", "village"),
    "group": ("村民小组", "组", "group"),
    "address": ("住址", "地址", "address"),
    "head": ("户主身份证号", "户主公民身份号码", "head_id_number"),
    "relation": ("与户主关系", "relation"),
    "phone": ("电话", "联系电话", "手机", "phone"),
    "account": ("银行账号", "账号", "account_number"),
    "holder": ("开户名", "户名", "account_holder"),
    "income": ("家庭年收入", "household_income"),
}
RELATIONS: Final = {
    "self": ("户主", "本人", "self"),
    "spouse": ("配偶", "妻", "夫", "妻子", "丈夫", "spouse"),
    "child": ("子女", "子", "女", "儿子", "女儿", "child"),
    "parent": ("父母", "父", "母", "父亲", "母亲", "parent"),
    "sibling": ("兄弟姐妹", "sibling"),
    "grandparent": ("祖父母", "外祖父母", "grandparent"),
    "grandchild": ("孙子女", "外孙子女", "孙子", "孙女", "grandchild"),
    "child_in_law": ("儿媳", "女婿", "child_in_law"),
    "other": ("其他", "other"),
}
_RELATION_OF: Final = {word: relation for relation, words in RELATIONS.items() for word in words}
BACKDATED: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did. `warnings` hold rows to look at; they were imported all the same."""

    rows: int
    added: int
    unchanged: int
    people: int = 0
    warnings: tuple[RowFault, ...] = ()


@dataclass(slots=True)
class Entry:
    """A row that is valid by itself."""

    line: Line
    id_number: str
    name: str
    category: str
    source: str
    valid_from: date
    valid_to: date | None
    evidence: str | None
    village: str | None
    head: str
    relation: str
    about: dict[str, Any] = field(default_factory=dict)


def import_rosters(
    conn: Connection,
    sheet: Sheet,
    *,
    categories: Mapping[str, Text],
    at: datetime,
    demonstration: bool = False,
) -> Imported:
    """Import a roster inside the caller's transaction.

    Args:
        categories: category code → name; both are understood in the table.
        at: when the categories come into the register, by the clock; no validity begins later than a year
            from then; earlier than 30 days before gives a warning.

    Raises:
        RowsRefused: with every wrong row; nothing was written.
    """
    sheet.require_columns(REQUIRED, OPTIONAL)
    today = at.astimezone(SHANGHAI).date()
    faults: list[RowFault] = []
    warnings: list[RowFault] = []
    codes = {code: code for code in categories} | {name.zh: code for code, name in categories.items()}
    places = villages(conn)
    entries = [
        entry
        for line in sheet.rows
        if (entry := _entry(line, faults, warnings, codes, places, today)) is not None
    ]
    known = people_by_number(conn, {entry.id_number for entry in entries} | {entry.head for entry in entries})
    _check_people(entries, known, faults)
    if faults:
        raise RowsRefused(sorted(faults, key=lambda fault: fault.row))
    people = _register(conn, entries, known, warnings, demonstration)
    added = _add_categories(conn, entries, known, at)
    return Imported(len(entries), added, len(entries) - added, people, tuple(warnings))


def _entry(
    line: Line,
    faults: list[RowFault],
    warnings: list[RowFault],
    codes: Mapping[str, str],
    places: Mapping[str, Sequence[str]],
    today: date,
) -> Entry | None:
    before = len(faults)
    number = line.take(faults, "id_number", lambda c: check_id_number(line.text(c), today))
    name = line.take(faults, "name", lambda c: check_name(line.text(c)))
    category = line.take(faults, "category", lambda c: one_of(codes, line.text(c)))
    source = line.take(faults, "source", lambda c: filled(line.text(c), 32))
    valid_from = line.take(faults, "valid_from", lambda c: day_of(line, c))
    valid_to = line.take(faults, "valid_to", line.day)
    head = line.maybe(faults, "head", lambda c: check_id_number(line.text(c), today))
    relation = line.maybe(faults, "relation", lambda c: one_of(_RELATION_OF, line.text(c)))
    village = line.maybe(faults, "village", lambda c: place_code(places, line.text(c)))
    about = {
        "phone": line.maybe(faults, "phone", lambda c: check_phone(line.text(c))),
        "account_number": line.maybe(faults, "account", lambda c: check_account(line.text(c)).text),
        "account_holder": line.maybe(faults, "holder", lambda c: check_name(line.text(c))),
        "group_name": line.maybe(faults, "group", lambda c: filled(line.text(c), 20)),
        "address": line.maybe(faults, "address", lambda c: filled(line.text(c), 120)),
        "income": line.maybe(faults, "income", line.money),
    }
    evidence = line.maybe(faults, "evidence", lambda c: filled(line.text(c), 80))
    if valid_from and valid_to and valid_to < valid_from:
        faults.append(line.fault("valid_to", "失效日期早于生效日期", "The last day is before the first"))
    if valid_from and valid_from > today + timedelta(days=366):
        faults.append(
            line.fault("valid_from", "生效日期在一年以后", "The first day is more than a year ahead")
        )
    if len(faults) > before or not (number and name and category and source and valid_from):
        return None
    head = head or number
    if valid_from < today - BACKDATED:
        warnings.append(
            line.fault(
                "valid_from", "追溯超过30天，须经县级审批人同意", "More than 30 days back: for the county"
            )
        )
    warnings += [RowFault(line.number, line.headings["id_number"], warning) for warning in number.warnings]
    return Entry(
        line, number.text, name, category, source, valid_from, valid_to, evidence, village,
        head.text, relation or ("self" if head.text == number.text else "other"), about,
    )  # fmt: skip


def _check_people(entries: Sequence[Entry], known: Mapping[str, Row[Any]], faults: list[RowFault]) -> None:
    """Rows that do not agree with the register or with one another."""
    named: dict[str, str] = {number: person.name for number, person in known.items()}
    seen: dict[tuple[str, str, date], int] = {}
    listed = {entry.id_number for entry in entries}
    placed = _placed(entries)
    for entry in entries:
        line = entry.line
        if named.setdefault(entry.id_number, entry.name) != entry.name:
            faults.append(line.fault("name", "与该身份证号登记的姓名不一致", "Another name is registered"))
        key = (entry.id_number, entry.category, entry.valid_from)
        if key in seen:
            faults.append(line.fault("id_number", f"与第{seen[key]}行重复", f"Same as row {seen[key]}"))
        seen.setdefault(key, line.number)
        person, head = known.get(entry.id_number), known.get(entry.head)
        registered = person or head
        if registered is not None and entry.village and registered.village not in (None, entry.village):
            faults.append(
                line.fault("village", "与登记的村不一致，请先办理迁移", "Registered in another village")
            )
        at_home = head is not None and head.village is not None
        if person is None and not (at_home or entry.id_number in placed or entry.head in placed):
            faults.append(line.fault("village", "新登记的人须写明村(社区)", "Somebody new needs the village"))
        if entry.head not in listed and head is None:
            faults.append(
                line.fault("head", "户主不在本表，也未登记", "The head is neither listed nor registered")
            )


def _placed(entries: Sequence[Entry]) -> dict[str, str]:
    """Identity number → village, where one of the person's rows names it."""
    return {entry.id_number: entry.village for entry in entries if entry.village}


def _register(
    conn: Connection,
    entries: Sequence[Entry],
    known: dict[str, Row[Any]],
    warnings: list[RowFault],
    demonstration: bool,
) -> int:
    """Add households and people that are new; fill what is empty in those that are there."""
    new = 0
    placed = _placed(entries)
    for entry in sorted(entries, key=lambda entry: entry.id_number != entry.head):
        person = known.get(entry.id_number)
        mine = {key: entry.about[key] for key in ("phone", "account_number", "account_holder")}
        if person is None:
            head = known.get(entry.head)
            household = head.household_id if head is not None else None
            if household is None:
                household = conn.execute(
                    insert(Household)
                    .values(
                        village=placed.get(entry.head) or placed[entry.id_number],
                        group_name=entry.about["group_name"],
                        address=entry.about["address"],
                        income=entry.about["income"],
                        demonstration=demonstration,
                    )
                    .returning(Household.id)
                ).scalar_one()
            conn.execute(
                insert(Person).values(
                    name=entry.name,
                    id_number=entry.id_number,
                    household_id=household,
                    relation=entry.relation,
                    demonstration=demonstration,
                    **mine,
                )
            )
            known.update(people_by_number(conn, {entry.id_number}))
            new += 1
            continue
        empty = {key: value for key, value in mine.items() if value and getattr(person, key) is None}
        if empty:
            conn.execute(update(Person).where(Person.id == person.id).values(**empty))
        if any(value and getattr(person, key) not in (None, value) for key, value in mine.items()):
            warnings.append(
                entry.line.fault(
                    "id_number",
                    "电话或账号与登记的不同，未作更改",
                    "Telephone or account differ from the register; nothing was changed",
                )
            )
    return new


def _add_categories(
    conn: Connection, entries: Sequence[Entry], known: Mapping[str, Row[Any]], at: datetime
) -> int:
    ids = [known[entry.id_number].id for entry in entries]
    there = {
        (row.person_id, row.code, row.valid_from, row.valid_to)
        for bite in bites(ids)
        for row in conn.execute(select(table(Category)).where(Category.person_id.in_(bite)))
    }
    fresh = [
        {
            "person_id": known[entry.id_number].id, "code": entry.category,
            "source_department": entry.source, "valid_from": entry.valid_from, "valid_to": entry.valid_to,
            "evidence": entry.evidence, "recorded_at": at,
        }
        for entry in entries
        if (known[entry.id_number].id, entry.category, entry.valid_from, entry.valid_to) not in there
    ]  # fmt: skip
    if fresh:
        conn.execute(insert(Category), fresh)
    return len(fresh)
