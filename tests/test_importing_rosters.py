"""Importing rosters, staff and settled bills from tables: every row, or none and each fault by its row."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

import bpmn
from audit import SYSTEM_CHAIN, Vault, entries, open_vault
from workflow.errors import RowsRefused
from workflow.register.commands import import_group, user
from workflow.register.identity import NotValid, check_character
from workflow.register.organisations import seed_county
from workflow.register.sheets import read_sheet
from workflow.register.table import Row
from workflow.rules import Rules, prepare
from workflow.store import connect, transaction
from workflow.store.models import Account, Category, Claim, Household, Kin, Organisation, Person, Seat

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
VILLAGE = "360829100001"


@cache
def the_rules() -> Rules:
    return prepare(bpmn.load())


def number(order: int, birth: str = "19580317") -> str:
    first = f"362429{birth}{order:03d}"
    return first + check_character(first)


@dataclass
class Office:
    """A running product, as far as the commands of the register know one."""

    engine: Engine
    reader: Engine
    folder: Path
    vault: Vault

    def now(self) -> datetime:
        return AT

    def rules(self) -> Any:
        return the_rules()

    def house(self) -> "Office":
        return self

    def count(self, model: Any) -> int:
        with self.reader.connect() as conn:
            return int(conn.scalar(select(func.count()).select_from(model)) or 0)

    def all(self, model: Any) -> list[Any]:
        with self.reader.connect() as conn:
            return list(conn.execute(select(model.__table__).order_by(model.id)))

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        """What the log says about accounts and seats."""
        with self.reader.connect() as conn:
            found = [stored.entry for stored in entries(conn, SYSTEM_CHAIN)]
        return [(entry["type"], entry["vars"]) for entry in found]

    def run(self, group: Any, *arguments: str | Path) -> Result:
        return CliRunner().invoke(group, [str(argument) for argument in arguments], obj=self)

    def imports(self, kind: str, rows: list[list[Any]], *options: str, csv: bool = False) -> Result:
        path = self.folder / ("table.csv" if csv else "table.xlsx")
        write_csv(path, rows) if csv else write_xlsx(path, rows)
        return self.run(import_group, kind, path, *options)

    def faults(self, kind: str, rows: list[list[Any]]) -> list[tuple[int, str, str]]:
        result = self.imports(kind, rows, "--json")
        assert result.exit_code == 1, result.output
        answer = json.loads(result.stdout)
        assert answer["imported"] is False
        assert all(fault["en"] for fault in answer["faults"])
        return [(fault["row"], fault["column"], fault["zh"]) for fault in answer["faults"]]


@pytest.fixture
def office(migrated_url: str, tmp_path: Path) -> Iterator[Office]:
    engine, reader = connect(migrated_url), connect(migrated_url, writer=False)
    with transaction(engine) as conn:
        seed_county(conn)
    yield Office(engine, reader, tmp_path, open_vault(tmp_path / "home", create=True))
    engine.dispose()
    reader.dispose()


def write_xlsx(path: Path, rows: list[list[Any]]) -> None:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(path)


def write_csv(path: Path, rows: list[list[Any]], encoding: str = "gb18030") -> None:
    text = "\r\n".join(",".join("" if cell is None else str(cell) for cell in row) for row in rows)
    path.write_bytes(text.encode(encoding))


ROSTER = [
    "公民身份号码",
    "姓名",
    "类别",
    "认定部门",
    "生效日期",
    "村",
    "户主身份证号",
    "与户主关系",
    "银行账号",
]


def roster(order: int, name: str = "张明", **cells: Any) -> list[Any]:
    row = {
        "公民身份号码": number(order), "姓名": name, "类别": "低保对象", "认定部门": "民政局",
        "生效日期": date(2026, 3, 1), "村": VILLAGE,
    }  # fmt: skip
    row.update(cells)
    return [row.get(column) for column in ROSTER]


# Rosters ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("csv", [False, True])
def test_a_roster_registers_people_households_and_categories(office: Office, csv: bool) -> None:
    rows = [
        ["安福县低保对象花名册"],
        ROSTER,
        roster(1, "张明"),
        roster(2, "李芳", 户主身份证号=number(1), 与户主关系="配偶", 村="安城社区居委会"),
        roster(3, "买买提·阿卜杜拉", 类别="TK", 银行账号="6222021001116245702"),
    ]
    result = office.imports("rosters", rows, csv=csv)
    assert result.exit_code == 0, result.output
    people = office.all(Person)
    assert {(person.name, person.relation) for person in people} == {
        ("张明", "self"),
        ("买买提·阿卜杜拉", "self"),
        ("李芳", "spouse"),
    }
    by_name = {person.name: person for person in people}
    homes = [by_name[name].household_id for name in ("张明", "李芳", "买买提·阿卜杜拉")]
    assert homes[0] == homes[1] != homes[2]
    assert by_name["买买提·阿卜杜拉"].account_number == "6222021001116245702"
    assert {household.village for household in office.all(Household)} == {VILLAGE}
    assert sorted(category.code for category in office.all(Category)) == ["DB", "DB", "TK"]


def test_the_same_roster_again_changes_nothing(office: Office) -> None:
    rows = [ROSTER, roster(1), roster(2, "李芳")]
    assert office.imports("rosters", rows).exit_code == 0
    again = office.imports("rosters", rows, "--json")
    assert json.loads(again.stdout) == {
        "imported": True, "rows": 2, "added": 0, "unchanged": 2, "people": 0, "warnings": [],
    }  # fmt: skip
    assert office.count(Category) == 2


def test_every_wrong_row_is_told_and_nothing_is_imported(office: Office) -> None:
    office.imports("rosters", [ROSTER, roster(9, "王明")])
    found = office.faults(
        "rosters",
        [
            ["花名册"],
            ROSTER,
            roster(1),
            roster(2, 公民身份号码="362429195803170020"),
            roster(3, 姓名="Z"),
            roster(4, 类别="富人"),
            roster(5, 认定部门=None),
            roster(6, 生效日期="三月"),
            roster(7, 村="河东村"),
            roster(8, 村=None),
            roster(9, "赵明"),
            roster(1),
            roster(10, 户主身份证号=number(99)),
            roster(11, 公民身份号码=362429195803170021),
            roster(12, 生效日期="2026-02-30"),
            roster(13, 生效日期=date(2028, 1, 1)),
            roster(14, 银行账号="123"),
        ],
    )
    assert [(row, column) for row, column, _ in found] == [
        (4, "公民身份号码"), (5, "姓名"), (6, "类别"), (7, "认定部门"), (8, "生效日期"), (9, "村"),
        (10, "村"), (11, "姓名"), (12, "公民身份号码"), (13, "户主身份证号"), (14, "公民身份号码"),
        (15, "生效日期"), (16, "生效日期"), (17, "银行账号"),
    ]  # fmt: skip
    reasons = {row: reason for row, _, reason in found}
    assert reasons[12] == "与第3行重复"
    assert "丢失末位" in reasons[14]
    assert (office.count(Person), office.count(Category), office.count(Household)) == (1, 1, 1)


def test_two_villages_of_one_name_need_the_code(office: Office) -> None:
    with transaction(office.engine) as conn:
        conn.execute(
            Organisation.__table__.insert().values(
                code="360829101999", name="安城社区居委会", level="village", kind="government",
                parent="360829101000", valid_from=date(2023, 6, 30),
            )
        )  # fmt: skip
    assert "同名" in office.faults("rosters", [ROSTER, roster(1, 村="安城社区居委会")])[0][2]
    assert office.imports("rosters", [ROSTER, roster(1, 村="平都镇安城社区居委会")]).exit_code == 0


def test_somebody_registered_elsewhere_is_not_moved(office: Office) -> None:
    office.imports("rosters", [ROSTER, roster(1)])
    found = office.faults("rosters", [ROSTER, roster(1, 村="360829101001", 类别="TK")])
    assert found == [(2, "村", "与登记的村不一致，请先办理迁移")]
    member = roster(2, "李芳", 村="360829101001", 户主身份证号=number(1))
    assert office.faults("rosters", [ROSTER, member])[0][:2] == (2, "村")


def test_a_member_without_village_lives_with_the_head(office: Office) -> None:
    rows = [
        ROSTER,
        roster(2, "李芳", 村=None, 户主身份证号=number(1)),
        roster(1),
        roster(1, 类别="YF", 村=None),
    ]
    assert office.imports("rosters", rows).exit_code == 0
    assert (office.count(Person), office.count(Household), office.count(Category)) == (2, 1, 3)
    child = roster(3, "张华", 村=None, 户主身份证号=number(1), 与户主关系="儿子")
    assert office.imports("rosters", [ROSTER, child]).exit_code == 0
    assert (office.count(Person), office.count(Household)) == (3, 1)


def test_back_dating_by_more_than_a_month_is_pointed_out(office: Office) -> None:
    """RF-17 looks at the same."""
    result = office.imports("rosters", [ROSTER, roster(1, 生效日期="2026年1月1日")])
    assert result.exit_code == 0
    assert "第2行" in result.stderr and "追溯超过30天" in result.stderr
    (held,) = office.all(Category)
    assert held.recorded_at == AT, "and when it came in is kept"


def test_an_account_in_the_register_is_not_overwritten(office: Office) -> None:
    office.imports("rosters", [ROSTER, roster(1, 银行账号="6222021001116245702")])
    result = office.imports("rosters", [ROSTER, roster(1, 类别="TK", 银行账号="6222021001116245710")])
    assert "未作更改" in result.stderr
    assert office.all(Person)[0].account_number == "6222021001116245702"
    office.imports("rosters", [ROSTER, roster(2, "李芳")])
    office.imports("rosters", [ROSTER, roster(2, "李芳", 类别="TK", 银行账号="6222021001116245728")])
    assert office.all(Person)[1].account_number == "6222021001116245728"


def test_a_check_leaves_nothing_behind(office: Office) -> None:
    result = office.imports("rosters", [ROSTER, roster(1)], "--check")
    assert result.exit_code == 0 and "没有导入" in result.stdout
    assert office.count(Person) == 0


# Staff ------------------------------------------------------------------------------------------

STAFF = ["登录名", "姓名", "单位", "岗位", "电话", "身份证号", "生效日期", "失效日期"]
CLERK = ["wang", "王明", "平都镇", "审核人员", "138 0796 0001", number(1), "2026/1/5", None]


def test_a_staff_list_gives_accounts_and_seats(office: Office) -> None:
    role = the_rules().rulebook.roles["TREV"].name.zh
    clerk = [*CLERK[:3], role, *CLERK[4:]]
    approver = ["li.si", "李芳", "360829-msb", "CAPR", None, None, "20260105", None]
    rows = [STAFF, clerk, [*clerk[:3], "TINV", *clerk[4:]], approver]
    result = office.imports("staff", rows, "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert (answer["rows"], answer["accounts"], answer["seats"]) == (3, 2, 3)
    assert set(answer["passwords"]) == {"wang", "li.si"}
    assert [(seat.org, seat.role) for seat in office.all(Seat)] == [
        ("360829100000", "TREV"), ("360829100000", "TINV"), ("360829-msb", "CAPR"),
    ]  # fmt: skip
    kin = office.all(Kin)
    assert [(row.id_number, row.relation) for row in kin] == [(number(1), "self")]
    again = json.loads(office.imports("staff", rows, "--json").stdout)
    assert (again["accounts"], again["passwords"]) == (0, {})
    assert office.count(Seat) == 3
    assert [kind for kind, _ in office.told()] == ["account_created"] * 2 + ["seat_given"] * 3


def test_first_passwords_go_to_a_file_only_the_owner_reads(office: Office) -> None:
    target = office.folder / "passwords.csv"
    rows = [STAFF, [*CLERK[:3], "TREV", *CLERK[4:]]]
    result = office.imports("staff", rows, "--passwords", str(target))
    assert result.exit_code == 0, result.output
    assert target.stat().st_mode & 0o777 == 0o600
    secret = target.read_text("utf-8-sig").splitlines()[1].split(",")[1]
    assert secret not in result.output
    assert office.imports("staff", rows, "--passwords", str(target)).exit_code == 2


def test_a_wrong_staff_row_makes_no_account(office: Office) -> None:
    good = [*CLERK[:3], "TREV", *CLERK[4:]]
    found = office.faults(
        "staff",
        [
            STAFF,
            good,
            ["wang", "王华", *good[2:]],
            ["a", "赵明", *good[2:]],
            ["zhao", "赵明", "某镇", *good[3:]],
            ["zhao", "赵明", "平都镇", "BOSS", *good[4:]],
            ["zhao", "赵明", "平都镇", "CAPR", *good[4:]],
            ["zhao", "赵明", "平都镇", "TREV", "12", None, "2026-01-05", "2025-01-05"],
        ],
    )
    assert [(row, column) for row, column, _ in found] == [
        (3, "姓名"), (5, "单位"), (6, "岗位"), (7, "岗位"), (8, "电话"), (8, "失效日期"),
    ]  # fmt: skip
    assert office.count(Account) == 0 and office.told() == []
    assert office.faults("staff", [STAFF, ["a", *good[1:]]])[0][:2] == (2, "登录名")


def test_a_staff_list_cannot_join_what_must_be_apart(office: Office) -> None:
    """SD-4, in words and with the row."""
    rows = [
        STAFF,
        ["zhao", "赵明", "360829-msb", "CHND", None, None, "2026-01-05", None],
        ["zhao", "赵明", "360829-civil_affairs", "CAFF", None, None, "2026-01-05", None],
    ]
    found = office.faults("staff", rows)
    assert found[0][:2] == (3, "岗位") and "认定和用钱必须分开" in found[0][2]
    assert (office.count(Account), office.count(Seat)) == (0, 0)


# Settled bills ----------------------------------------------------------------------------------

BILL = [
    "身份证号", "姓名", "医院", "发票号", "类型", "入院日期", "出院日期", "结算日期", "医疗总费用",
    "目录外费用", "基本医保支付", "大病保险支付", "其他救助", "大病保险已结算", "已救助金额",
]  # fmt: skip


def bill(invoice: str, **cells: Any) -> list[Any]:
    row = {
        "身份证号": number(1), "姓名": "张明", "医院": "安福县人民医院", "发票号": invoice, "类型": "住院",
        "入院日期": date(2026, 1, 5), "出院日期": date(2026, 1, 12), "结算日期": date(2026, 1, 13),
        "医疗总费用": 12345.6, "目录外费用": "1,000.00元", "基本医保支付": 6000, "大病保险支付": 0.1 + 0.2,
    }  # fmt: skip
    row.update(cells)
    return [row.get(column) for column in BILL]


def test_settled_bills_are_kept_to_the_fen(office: Office) -> None:
    office.imports("rosters", [ROSTER, roster(1)])
    result = office.imports("claims", [BILL, bill("001"), bill("002", 大病保险已结算="否", 已救助金额=20)])
    assert result.exit_code == 0, result.output
    first, second = office.all(Claim)
    assert (first.total, first.out_of_catalogue, first.basic, first.serious_illness, first.commercial) == (
        Decimal("12345.60"), Decimal("1000.00"), Decimal("6000.00"), Decimal("0.30"), Decimal("0.00"),
    )  # fmt: skip
    assert (first.kind, first.serious_illness_settled, first.aid_paid) == ("inpatient", True, None)
    assert (second.serious_illness_settled, second.aid_paid) == (False, Decimal("20.00"))
    again = office.imports("claims", [BILL, bill("001"), bill("003")], "--json")
    assert json.loads(again.stdout)["unchanged"] == 1
    assert office.count(Claim) == 3


def test_every_wrong_bill_is_told(office: Office) -> None:
    office.imports("rosters", [ROSTER, roster(1)])
    office.imports("claims", [BILL, bill("000")])
    found = office.faults(
        "claims",
        [
            BILL,
            bill("001", 身份证号=number(2)),
            bill("002", 姓名="张华"),
            bill("003"),
            bill("003"),
            bill("004", 类型="看病"),
            bill("005", 医疗总费用=100),
            bill("006", 医疗总费用=None),
            bill("007", 目录外费用=-1),
            bill("008", 基本医保支付="12.345"),
            bill("009", 基本医保支付="许多"),
            bill("010", 出院日期=date(2026, 1, 1)),
            bill("011", 结算日期=date(2026, 1, 6)),
            bill("012", 结算日期=date(2027, 1, 6)),
            bill("013", 大病保险已结算="也许"),
            bill(None),  # type: ignore[arg-type]
            bill("000", 医疗总费用=99999),
            bill("014", 基本医保支付="1e5"),
            bill("015", 基本医保支付="NaN"),
        ],
    )
    assert [(row, column) for row, column, _ in found] == [
        (2, "身份证号"), (3, "姓名"), (5, "发票号"), (6, "类型"), (7, "医疗总费用"), (8, "医疗总费用"),
        (9, "目录外费用"), (10, "基本医保支付"), (11, "基本医保支付"), (12, "出院日期"), (13, "结算日期"),
        (14, "结算日期"), (15, "大病保险已结算"), (16, "发票号"), (17, "发票号"), (18, "医疗总费用"),
        (19, "基本医保支付"),
    ]  # fmt: skip
    assert office.count(Claim) == 1


# Hostile and broken files -----------------------------------------------------------------------


def refusal(path: Path) -> str:
    with pytest.raises(RowsRefused) as refused:
        read_sheet(path)
    return refused.value.faults[0].message.zh


@pytest.mark.parametrize(
    "formula", ["=1+1", '=HYPERLINK("http://x")', "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3"]
)
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_formula_in_a_cell_is_refused(tmp_path: Path, formula: str, kind: str) -> None:
    path = tmp_path / f"t.{kind}"
    if kind == "xlsx":
        write_xlsx(path, [["姓名"], ["张明", formula]])
    else:
        path.write_text('姓名,备注\n张明,"{}"\n'.format(formula.replace('"', '""')), "utf-8")
    with pytest.raises(RowsRefused) as refused:
        read_sheet(path)
    (fault,) = refused.value.faults
    assert (fault.row, fault.column) == (2, "B") and "公式" in fault.message.zh


@pytest.mark.parametrize("cell", ["+86 13807960001", "-", "--", "-12.5", "0796-7622222"])
def test_a_number_with_a_sign_is_no_formula(tmp_path: Path, cell: str) -> None:
    write_xlsx(tmp_path / "t.xlsx", [["姓名"], [cell]])
    assert len(read_sheet(tmp_path / "t.xlsx").lines) == 2


def rebuilt(
    path: Path, change: Callable[[str, bytes], bytes | None], extra: dict[str, bytes] | None = None
) -> Path:
    """The same archive with some parts changed or added."""
    write_xlsx(path, [["姓名"], ["张明"]])
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            data = change(part.filename, old.read(part))
            if data is not None:
                new.writestr(part.filename, data)
        for name, data in (extra or {}).items():
            new.writestr(name, data)
    path.write_bytes(out.getvalue())
    return path


def same(name: str, data: bytes) -> bytes:
    return data


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = rebuilt(tmp_path / "t.xlsx", same, {"xl/media/a.bin": b"\0" * (60 * 1024 * 1024)})
    assert path.stat().st_size < 1_000_000
    assert "展开后过大" in refusal(path)


def test_an_archive_of_countless_parts_is_refused(tmp_path: Path) -> None:
    assert "部件过多" in refusal(rebuilt(tmp_path / "t.xlsx", same, {f"x{n}": b"" for n in range(300)}))


@pytest.mark.parametrize(
    "part", ["xl/vbaProject.bin", "xl/externalLinks/externalLink1.xml", "xl/embeddings/a.bin"]
)
def test_programs_and_links_are_refused(tmp_path: Path, part: str) -> None:
    assert "宏" in refusal(rebuilt(tmp_path / "t.xlsx", same, {part: b"x"}))


def test_an_entity_bomb_is_refused(tmp_path: Path) -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>'
    assert "实体" in refusal(
        rebuilt(tmp_path / "t.xlsx", lambda n, d: bomb + d if n.endswith("sheet1.xml") else d)
    )
    wide = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY a "aa">]><x/>'.encode("utf-16")
    assert "UTF-8" in refusal(
        rebuilt(tmp_path / "t.xlsx", lambda n, d: wide if n.endswith("sheet1.xml") else d)
    )


@pytest.mark.parametrize("broken", ["[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_a_damaged_file_is_refused(tmp_path: Path, broken: str) -> None:
    path = rebuilt(tmp_path / "t.xlsx", lambda n, d: d[: len(d) // 2] if n == broken else d)
    assert "有效的.xlsx" in refusal(path)
    path = rebuilt(tmp_path / "t.xlsx", lambda n, d: None if n == broken else d)
    assert refusal(path)


def test_half_a_file_is_refused(tmp_path: Path) -> None:
    path = rebuilt(tmp_path / "t.xlsx", same)
    path.write_bytes(path.read_bytes()[:900])
    assert "有效的.xlsx" in refusal(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xd0\xcf\x11\xe0" + b"\0" * 100, "旧的.xls"),
        (b"\x00\x01\x02", "不是.xlsx"),
        (b"\xff\xff\xff\xff", "UTF-8"),
        (b"", "空的"),
        (b"\n\n,,,\n", "空的"),
        (("姓名\n" + "张" * 501).encode(), "超过500个字"),
        ('姓名\n"张'.encode(), "引号"),
        (("姓名\n" * 20_002).encode(), "超过20000行"),
    ],
)
def test_other_files_are_refused_in_words(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    assert says in refusal(tmp_path / "t.csv")


def test_a_huge_file_is_not_even_read(tmp_path: Path) -> None:
    with (tmp_path / "t.csv").open("wb") as out:
        out.truncate(11 * 1024 * 1024)
    assert "超过10MB" in refusal(tmp_path / "t.csv")


@pytest.mark.parametrize(("row", "says"), [("999999999999", "行号"), ("30000", "超过20000行")])
def test_a_row_number_out_of_this_world_is_refused(tmp_path: Path, row: str, says: str) -> None:
    def change(name: str, data: bytes) -> bytes:
        return data.replace(b'<row r="2"', f'<row r="{row}"'.encode()).replace(
            b'r="A2"', f'r="A{row}"'.encode()
        )

    assert says in refusal(rebuilt(tmp_path / "t.xlsx", change))


def test_hidden_sheets_are_left_aside(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.sheet_state = "hidden"  # type: ignore[union-attr]
    book.create_sheet("名单").append(["姓名"])
    book.save(tmp_path / "t.xlsx")
    assert [line[0] for _, line in read_sheet(tmp_path / "t.xlsx").lines] == ["姓名"]


def test_a_table_without_its_columns_is_refused(office: Office) -> None:
    assert "找不到表头" in office.faults("rosters", [["甲", "乙"], ["1", "2"]])[0][2]
    missing = office.faults("rosters", [["姓名", "类别", "类 别*"], ["张明", "DB", "DB"]])
    assert {column for _, column, _ in missing} == {"公民身份号码", "认定部门", "生效日期", "类 别*"}
    assert office.faults("rosters", [ROSTER])[0][2] == "表头下面没有数据"


CELLS = (
    st.none(),
    st.booleans(),
    st.text(max_size=30),
    st.floats(),
    st.integers(),
    st.datetimes(),
    st.dates(),
)


@given(st.one_of(*CELLS))
def test_whatever_stands_in_a_cell_is_a_value_or_a_fault(cell: Any) -> None:
    row = Row(1, {"c": cell}, {"c": "列"})
    for read in (row.text, row.money, row.day, lambda c: row.yes(c, True)):
        try:
            read("c")
        except NotValid as refused:
            assert refused.message.zh and refused.message.en


@given(st.binary(max_size=300))
def test_no_bytes_whatever_break_the_reader(content: bytes) -> None:
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        for start in (b"", b"PK\x03\x04"):
            Path(file.name).write_bytes(start + content)
            try:
                read_sheet(Path(file.name))
            except RowsRefused as refused:
                assert refused.faults


# The commands -----------------------------------------------------------------------------------


def test_accounts_from_the_command_line(office: Office) -> None:
    added = office.run(user, "add", "wang", "王明", "--org", "360829100000", "--role", "TREV", "--json")
    assert added.exit_code == 0, added.output
    assert len(json.loads(added.stdout)["password"]) == 14
    second = office.run(user, "add", "wang", "王明", "--org", "360829100000", "--role", "TINV")
    assert second.exit_code == 0 and "First password" not in second.stdout
    listed = json.loads(office.run(user, "list", "--json").stdout)
    assert listed[0]["login"] == "wang" and [seat["role"] for seat in listed[0]["seats"]] == ["TREV", "TINV"]
    assert json.loads(office.run(user, "list", "--org", "360829-msb", "--json").stdout) == []
    assert "王明" in office.run(user, "list").stdout
    assert office.run(user, "disable", "wang").exit_code == 0
    assert "停用" in office.run(user, "list").stdout
    assert office.run(user, "enable", "wang").exit_code == 0
    assert "New password" in office.run(user, "password", "wang").stdout
    assert office.all(Account)[0].epoch == 4
    account, first, other = office.all(Account)[0].id, *[seat.id for seat in office.all(Seat)]
    seat = {"account": account, "office": "360829100", "first": "2026-03-02", "last": None}
    assert office.told() == [
        ("account_created", {"account": account}),
        ("seat_given", {**seat, "seat": first, "role": "TREV"}),
        ("seat_given", {**seat, "seat": other, "role": "TINV"}),
        ("account_disabled", {"account": account}),
        ("account_enabled", {"account": account}),
        ("password_set", {"account": account}),
    ]


def test_a_password_somebody_else_has_made_up_is_to_be_changed_and_a_typed_one_is_not(office: Office) -> None:
    def handed_out() -> dict[str, bool]:
        return {row.login: row.handed_out for row in office.all(Account)}

    where = ("--org", "360829100000", "--role", "TREV")
    row = ["zhao", "赵六", "360829100000", "TWIN", "", "", "2026-01-01", ""]
    office.run(user, "add", "wang", "王明", *where)
    typed = ["add", "li.si", "李四", *where, "--ask"]
    CliRunner().invoke(user, typed, obj=office, input="long enough for me\nlong enough for me\n")
    assert office.imports("staff", [STAFF, row]).exit_code == 0
    assert handed_out() == {"wang": True, "li.si": False, "zhao": True}
    again = "another one of mine\nanother one of mine\n"
    CliRunner().invoke(user, ["password", "wang", "--ask"], obj=office, input=again)
    office.run(user, "password", "li.si")
    assert handed_out() == {"wang": False, "li.si": True, "zhao": True}


def test_a_refused_account_ends_with_status_1(office: Office) -> None:
    wrong = office.run(user, "add", "wang", "W", "--org", "360829100000", "--role", "TREV")
    assert wrong.exit_code == 1 and "汉字" in wrong.stderr
    wrong = office.run(user, "add", "wang", "王明", "--org", "360829100000", "--role", "CAPR", "--json")
    assert wrong.exit_code == 1 and json.loads(wrong.stdout)["faults"]
    short = CliRunner().invoke(
        user, ["add", "wang", "王明", "--org", "360829100000", "--role", "TREV", "--ask"],
        obj=office, input="short\nshort\n",
    )  # fmt: skip
    assert short.exit_code == 1
    assert office.run(user, "add", "wang").exit_code == 2
    assert office.count(Account) == 0 and office.told() == []


def test_divisions_from_the_command_line(office: Office) -> None:
    assert "added 0" in office.run(import_group, "organisations").stdout
    rows = [["代码", "名称"], ["510132000000", "新津县"]]
    units = 1 + len(the_rules().rulebook.offices)  # the county and every office a county has
    assert f"added {units}" in office.imports("organisations", rows, "--since", "2026-01-01").stdout
    assert office.faults("organisations", [["代码", "名称"], ["1", "新津县"]])


@pytest.mark.parametrize("group", [user, import_group])
def test_help_speaks_both_languages(group: Any) -> None:
    for name in ("", *group.commands):
        text = CliRunner().invoke(group, [*filter(None, [name]), "--help"]).output
        assert any("\u4e00" <= character <= "\u9fff" for character in text) and "." in text
