"""The log beside the cases (案件以外的日志): an inspector reads who got which seat, and all else in it."""

from datetime import date

import pytest
from pages.desks import at_the_desk

from audit.entry_types import declared
from audit.system import append_system
from bpmn import Text
from workflow.reading import words
from workflow.reading.office_log import PAGE, office_log
from workflow.reading.office_words import FACTS, GROUPS, KINDS
from workflow.register import accounts, seats
from workflow.register.staffing import recorded
from workflow.store import transaction

MADE_BY_TESTS = {"roster_imported"}


def read(county, group="", page=1):
    with county.house.reader.connect() as conn:
        return office_log(conn, county.house.rules().rulebook, group, page)


@pytest.fixture
def hired(county):
    """Somebody new with a seat, who loses the account again."""
    house = county.house
    with transaction(house.engine) as conn, recorded(house, conn):
        account = accounts.create(conn, "xin", "辛新新", at=county.clock.at, password="a long password")
        seats.give_seat(
            conn, account, "360829100000", "TREV",
            roles=house.rules().rulebook.roles, valid_from=date(2026, 3, 2),
        )  # fmt: skip
    with transaction(house.engine) as conn, recorded(house, conn):
        accounts.set_active(conn, account, False)
    return account


def test_every_kind_of_entry_has_words():
    assert declared().keys() - KINDS.keys() <= MADE_BY_TESTS
    beside = declared().keys() - words.KINDS.keys() - MADE_BY_TESTS
    told = {
        name for kind in beside for name in declared()[kind].needs | (declared()[kind].may or frozenset())
    }
    assert told <= FACTS.keys()
    assert all(kind in KINDS for group in GROUPS.values() for kind in group.kinds)


def test_people_and_seats_are_read_newest_first_and_by_name(county, hired):
    found = read(county, "people")
    assert [line.what.zh for line in found.lines] == ["停用账号", "安排岗位", "新建账号"]
    told = {fact.name.zh: fact.value for fact in found.lines[1].facts}
    assert str(told.pop("岗位号")).isdigit() and told.pop("岗位") == Text("乡镇审核人员", "township reviewer")
    assert told == {"人员": "辛新新", "单位": "360829100", "自": "2026-03-02"}
    assert found.lines[0].person == "", "a command on the server"


def test_groups_hold_what_they_say_and_all_holds_everything_but_the_time(county, hired):
    before = read(county).total
    with transaction(county.house.engine) as conn:
        append_system(conn, county.house.vault, "tick", {"checkpoint": "00"}, county.clock.at)
    assert read(county).total == before >= 4
    assert read(county, "log").lines[0].what.zh == "时间记录"
    rules = read(county, "rules")
    assert {line.what.zh for line in rules.lines} == {"放行新规则"}
    assert read(county, "nonsense").total == before


def test_a_long_log_has_pages(county):
    with transaction(county.house.engine) as conn:
        for number in range(PAGE + 1):
            append_system(conn, county.house.vault, "account_enabled", {"account": number}, county.clock.at)
    first, last = read(county, "people"), read(county, "people", 9)
    assert (len(first.lines), first.pages, len(last.lines), last.page) == (PAGE, 2, 1, 2)


def test_the_inspector_reads_it_and_a_clerk_does_not(county, hired):
    page = at_the_desk(county, "insp").opens("/inspect/office?group=people")
    assert "安排岗位" in page.words and "辛新新" in page.words and "这条链完整" in page.words
    assert "a long password" not in page.words
    assert at_the_desk(county, "twin1").opens("/inspect/office").status == 403
