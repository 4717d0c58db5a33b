"""Keeping accounts, seats, relatives and the divisions of a county (domain 6, 10.5)."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Connection, Engine, func, insert, select

import bpmn
from workflow.actor import Actor
from workflow.errors import AnswersRefused, Busy, NotAllowed, NotFound, RowsRefused
from workflow.register import accounts, kinship, seats
from workflow.register.organisations import Unit, import_units, office_code, packaged_units, seed_county
from workflow.register.table import Sheet
from workflow.store import connect, transaction
from workflow.store.models import Account, Base, Household, Kin, Organisation, Person, Seat

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
ROLES = bpmn.load().roles
VILLAGE, TOWNSHIP, MSB = "360829100001", "360829100000", "360829-msb"
REGISTER = (Organisation, Account, Seat, Kin, Household, Person)
HASH = accounts.hash_password("right horse battery")
NUMBER = "51013219580317002X"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = connect(database_url)
    Base.metadata.create_all(engine, tables=[model.__table__ for model in REGISTER])
    yield engine
    engine.dispose()


@pytest.fixture
def conn(engine: Engine) -> Iterator[Connection]:
    with transaction(engine) as connection:
        seed_county(connection)
        yield connection


def account(conn: Connection, login: str = "wang") -> int:
    return accounts.create(conn, login, "王明", at=AT, password_hash=HASH)


def sit(conn: Connection, who: int, org: str, role: str, **days: date | None) -> int:
    return seats.give_seat(conn, who, org, role, roles=ROLES, **{"valid_from": TODAY, **days})  # type: ignore[arg-type]


# Divisions --------------------------------------------------------------------------------------


def test_the_example_county_is_anfu() -> None:
    units = packaged_units()
    assert units[0] == Unit("360829000000", "安福县")
    assert [sum(unit.level == level for unit in units) for level in ("county", "township", "village")] == [
        1,
        20,
        275,
    ]
    codes = {unit.code for unit in units}
    assert len(codes) == 296
    assert all(unit.parent in codes for unit in units[1:])


def test_seeding_twice_changes_nothing(conn: Connection) -> None:
    assert seed_county(conn) == 0
    offices = dict(
        conn.execute(
            select(Organisation.code, Organisation.name).where(Organisation.kind != "government")
        ).all()
    )
    assert offices[MSB] == "安福县医疗保障局"
    assert set(offices) == {
        office_code("360829", kind)
        for kind in (
            "msb", "finance", "civil_affairs", "inspection", "audit", "hospital", "revitalisation",
            "veterans", "organisation", "disabled", "trade_union",
        )
    }  # fmt: skip
    village = conn.execute(select(Organisation.__table__).where(Organisation.code == VILLAGE)).one()
    assert (village.level, village.parent, village.name) == ("village", TOWNSHIP, "安城社区居委会")


def test_another_county_brings_its_own_list(conn: Connection) -> None:
    sheet = Sheet(
        [(1, ("某县区划", None)), (2, ("代码", "名称")), (3, ("510132101001", "河东村")),
         (4, ("510132000000", "新津县")), (5, ("510132101000", "河镇"))]
    )  # fmt: skip
    assert import_units(conn, sheet, since=TODAY) == 14  # three units, eleven offices
    assert (
        conn.scalar(select(Organisation.parent).where(Organisation.code == "510132101001")) == "510132101000"
    )


def test_a_wrong_division_is_refused_with_its_row(conn: Connection) -> None:
    sheet = Sheet(
        [(1, ("代码", "名称")), (2, ("5101321", "河东村")), (3, ("510132101001", "甲村")),
         (4, ("510132101001", "乙村")), (5, ("510132000000", "新")), (6, (True, "丁村"))]
    )  # fmt: skip
    before = conn.scalar(select(func.count()).select_from(Organisation))
    with pytest.raises(RowsRefused) as refused:
        import_units(conn, sheet, since=TODAY)
    assert [(fault.row, fault.column) for fault in refused.value.faults] == [
        (2, "代码"), (3, "代码"), (4, "代码"), (5, "名称"), (6, "代码"),
    ]  # fmt: skip
    assert conn.scalar(select(func.count()).select_from(Organisation)) == before


# Accounts ---------------------------------------------------------------------------------------


def test_a_password_is_kept_as_argon2id_with_64_mib() -> None:
    assert HASH.startswith("$argon2id$v=19$m=65536,t=3,")
    assert accounts.verify_password(HASH, "right horse battery")
    assert accounts.verify_password(HASH, "ｒight horse battery")  # full-width typing on a Chinese keyboard
    assert not accounts.verify_password(HASH, "wrong horse battery")
    assert not accounts.verify_password(HASH, "x" * 100_000)
    assert not accounts.verify_password("no hash", "right horse battery")


@pytest.mark.parametrize("password", ["", "short", "x" * 129])
def test_a_password_has_a_reasonable_length(password: str) -> None:
    with pytest.raises(AnswersRefused, match="characters"):
        accounts.hash_password(password)


def test_made_passwords_differ_and_can_be_read_aloud() -> None:
    made = {accounts.make_password() for _ in range(50)}
    assert len(made) == 50
    assert all(len(password) == 14 and not set("01ilo") & set(password) for password in made)


def test_login_and_password_prove_an_account(engine: Engine) -> None:
    with transaction(engine) as conn:
        number = account(conn)
    assert accounts.authenticate(engine, " WANG ", "right horse battery") == number
    assert accounts.authenticate(engine, "wang", "wrong horse battery") is None
    assert accounts.authenticate(engine, "nobody", "right horse battery") is None
    assert accounts.authenticate(engine, "%", "right horse battery") is None
    with transaction(engine) as conn:
        accounts.set_active(conn, number, False)
    assert accounts.authenticate(engine, "wang", "right horse battery") is None


def test_an_unknown_login_takes_as_long_as_a_wrong_password(engine: Engine) -> None:
    with transaction(engine) as conn:
        account(conn)

    def seconds(login: str) -> float:
        start = time.perf_counter()
        accounts.authenticate(engine, login, "wrong horse battery")
        return time.perf_counter() - start

    known = min(seconds("wang") for _ in range(3))
    unknown = min(seconds("nobody") for _ in range(3))
    assert 0.4 < known / unknown < 2.5


def test_a_flood_of_sign_ins_waits_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only two argon2 computations at a time; who waits too long is told so."""
    monkeypatch.setattr(accounts, "PATIENCE", 0.05)
    release = threading.Event()
    running: list[int] = []

    class Slow:
        def verify(self, stored: str, password: str) -> bool:
            running.append(1)
            release.wait(5)
            return True

    monkeypatch.setattr(accounts, "_HASHER", Slow())
    threads = [threading.Thread(target=accounts.verify_password, args=(HASH, "x" * 12)) for _ in range(2)]
    for thread in threads:
        thread.start()
    while len(running) < 2:
        time.sleep(0.001)
    with pytest.raises(Busy):
        accounts.verify_password(HASH, "x" * 12)
    release.set()
    for thread in threads:
        thread.join()
    assert accounts.verify_password(HASH, "x" * 12)
    assert len(running) == 3


def test_a_new_account_is_checked_in_every_field(conn: Connection) -> None:
    account(conn)
    with pytest.raises(AnswersRefused) as refused:
        accounts.create(conn, "Wang", "W", at=AT, password="short", phone="12")
    assert [fault.field for fault in refused.value.faults] == ["login", "name", "phone", "password"]
    with pytest.raises(AnswersRefused, match="login"):
        accounts.create(conn, "王", "王明", at=AT, password_hash=HASH)
    number = accounts.create(conn, "li.si", "李四", at=AT, password="long enough now", phone="138 0796 0001")
    row = conn.execute(select(Account.__table__).where(Account.id == number)).one()
    assert (row.login, row.phone, row.epoch, row.active) == ("li.si", "13807960001", 1, True)
    assert accounts.find(conn, "LI.SI") == number
    with pytest.raises(NotFound):
        accounts.find(conn, "zhao")


def test_sessions_end_with_password_and_standing(conn: Connection) -> None:
    number = account(conn)
    assert accounts.is_alive(conn, number, 1)
    assert accounts.change_password(conn, number, "another long one") == 2
    assert not accounts.is_alive(conn, number, 1)
    assert accounts.set_active(conn, number, False) == 3
    assert not accounts.is_alive(conn, number, 3)
    assert accounts.set_active(conn, number, True) == 4
    assert accounts.is_alive(conn, number, 4)
    with pytest.raises(NotFound):
        accounts.set_active(conn, 9999, False)


# Seats ------------------------------------------------------------------------------------------


def test_a_seat_counts_from_its_first_to_its_last_day(conn: Connection) -> None:
    number = account(conn)
    seat = sit(conn, number, TOWNSHIP, "TREV", valid_to=date(2026, 3, 31))
    assert seats.seats_of(conn, number, date(2026, 3, 1)) == ()
    expected = (Actor(number, seat, "TREV", TOWNSHIP, "王明"),)
    assert seats.seats_of(conn, number, TODAY) == expected
    assert seats.seats_of(conn, number, date(2026, 3, 31)) == expected
    assert seats.seats_of(conn, number, date(2026, 4, 1)) == ()
    seats.end_seat(conn, seat, date(2026, 3, 10))
    assert seats.seats_of(conn, number, date(2026, 3, 11)) == ()
    accounts.set_active(conn, number, False)
    assert seats.seats_of(conn, number, TODAY) == ()


def test_the_same_seat_is_given_once(conn: Connection) -> None:
    number = account(conn)
    assert sit(conn, number, TOWNSHIP, "TREV") == sit(
        conn, number, TOWNSHIP, "TREV", valid_from=date(2026, 5, 1)
    )
    assert sit(conn, number, TOWNSHIP, "TINV") != sit(conn, number, TOWNSHIP, "TREV")


@pytest.mark.parametrize(
    ("org", "role", "field"),
    [
        (TOWNSHIP, "BOSS", "role"),
        ("360829199000", "TREV", "org"),
        (VILLAGE, "TREV", "role"),
        (MSB, "FIN1", "role"),
        ("360829000000", "CAPR", "role"),
        ("%", "TREV", "org"),
    ],
)
def test_a_role_sits_where_it_belongs(conn: Connection, org: str, role: str, field: str) -> None:
    with pytest.raises(AnswersRefused) as refused:
        sit(conn, account(conn), org, role)
    assert refused.value.faults[0].field == field


def test_a_substitute_needs_an_end_and_a_reason(conn: Connection) -> None:
    """SD-10."""
    first, second = account(conn), account(conn, "li.si")
    seat = sit(conn, first, TOWNSHIP, "TREV")
    with pytest.raises(AnswersRefused, match="substitute"):
        seats.give_seat(conn, second, TOWNSHIP, "TREV", roles=ROLES, valid_from=TODAY, substitute_for=seat)
    seats.give_seat(
        conn, second, TOWNSHIP, "TREV", roles=ROLES, valid_from=TODAY, substitute_for=seat,
        valid_to=date(2026, 3, 9), reason="病假",
    )  # fmt: skip
    with pytest.raises(AnswersRefused, match="last day"):
        sit(conn, second, TOWNSHIP, "TINV", valid_to=date(2026, 1, 1))


@pytest.mark.parametrize(
    ("first", "second", "rule"),
    [
        ((MSB, "CHND"), ("360829-civil_affairs", "CAFF"), "SD-4"),
        (("360829-inspection", "INSP"), (TOWNSHIP, "TREV"), "SD-8"),
    ],
)
def test_some_seats_are_never_held_together(
    conn: Connection, first: tuple[str, str], second: tuple[str, str], rule: str
) -> None:
    number = account(conn)
    sit(conn, number, *first)
    with pytest.raises(NotAllowed) as refused:
        sit(conn, number, *second)
    assert refused.value.rule == rule
    conn.execute(Seat.__table__.update().values(valid_to=TODAY))
    sit(conn, number, *second, valid_from=date(2026, 3, 3))


# Relatives --------------------------------------------------------------------------------------


@pytest.fixture
def household(conn: Connection) -> tuple[int, int, int]:
    """An applicant, a member of the same household, and somebody of another one."""
    people = []
    for number, member in enumerate([0, 0, 1]):
        if number != 1:
            home = conn.execute(
                insert(Household).values(village=VILLAGE).returning(Household.id)
            ).scalar_one()
        people.append(
            conn.execute(
                insert(Person)
                .values(
                    name="张明",
                    id_number=f"51013219580317{number:03d}X",
                    household_id=home,
                    phone="13807960001" if member == 0 else None,
                )
                .returning(Person.id)
            ).scalar_one()
        )
    return people[0], people[1], people[2]


def test_a_relative_of_the_household_is_a_relative_of_the_applicant(
    conn: Connection, household: tuple[int, int, int]
) -> None:
    applicant, member, stranger = household
    clerk, colleague = account(conn), account(conn, "li.si")
    spouse_of_clerk = kinship.Relative("张明", "51013219580317001X", "spouse")
    assert kinship.file_relative(conn, clerk, spouse_of_clerk, at=AT)
    assert not kinship.file_relative(conn, clerk, spouse_of_clerk, at=AT)
    assert kinship.file_relative(conn, colleague, kinship.Relative("李明", NUMBER, "child"), at=AT)
    assert kinship.relatives_of(conn, applicant) == {clerk}
    assert kinship.relatives_of(conn, member) == {clerk}
    assert kinship.relatives_of(conn, stranger) == {colleague}
    assert conn.scalar(select(func.count()).select_from(Kin)) == 2


def test_a_person_without_household_is_only_himself(conn: Connection) -> None:
    alone = [
        conn.execute(insert(Person).values(name="赵明", id_number=n).returning(Person.id)).scalar_one()
        for n in (NUMBER, "510132195803170038")
    ]
    clerk = account(conn)
    kinship.file_relative(conn, clerk, kinship.Relative("赵明", NUMBER, "self"), at=AT)
    assert kinship.relatives_of(conn, alone[0]) == {clerk}
    assert kinship.relatives_of(conn, alone[1]) == frozenset()


def test_a_relation_the_data_suggest_but_nobody_filed(
    conn: Connection, household: tuple[int, int, int]
) -> None:
    """RF-07: the same telephone."""
    clerk = accounts.create(conn, "wang", "王明", at=AT, password_hash=HASH, phone="13807960001")
    assert kinship.not_filed(conn, household[0]) == {clerk}
    assert kinship.not_filed(conn, household[2]) == frozenset()
    kinship.file_relative(conn, clerk, kinship.Relative("张明", "51013219580317000X", "parent"), at=AT)
    assert kinship.not_filed(conn, household[0]) == frozenset()


def test_what_is_filed_is_checked_in_every_field() -> None:
    with pytest.raises(AnswersRefused) as refused:
        kinship.check_relative("W", "510132195803170021", "cousin", today=TODAY)
    assert [fault.field for fault in refused.value.faults] == ["name", "id_number", "relation"]
    relative = kinship.check_relative(" 王 明", "51013219580317002x", "uncle_aunt", today=TODAY)
    assert relative == kinship.Relative("王明", NUMBER, "uncle_aunt")


def test_the_relation_list_is_the_one_of_the_specification() -> None:
    """C-19, and oneself."""
    assert set(kinship.RELATIONS) == {
        "self", "spouse", "parent", "child", "sibling", "grandparent", "grandchild", "parent_in_law",
        "child_in_law", "sibling_in_law", "uncle_aunt",
    }  # fmt: skip
