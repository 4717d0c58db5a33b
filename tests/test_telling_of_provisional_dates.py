"""Pages that show a date of a year without calendar say so until it is there (domain 7.1 item 6)."""

import pytest
from pages.desks import at_the_desk, form_of
from test_a_calendar_arrives import NOTICE, put_forward, release, table

BANNER = "2027年的放假安排还没有录入"
WAIT = "落在这一年的日期是暂定的"


@pytest.fixture
def case(county, case_at):
    county.clock.to("2026-12-28")
    return case_at("check_papers")


def told(county, login, path):
    page = at_the_desk(county, login).opens(path)
    assert page.status == 200, page.path
    notes = page.tree.xpath("//*[contains(@class, 'mj-note')][@role='note']")
    return [" ".join(note.text_content().split()) for note in notes if BANNER in note.text_content()]


def pages(case):
    return [
        ("twin1", "/work"),
        ("twin1", form_of(case, "check_papers")),
        ("twin1", f"/cases/{case.id}"),
        ("sup1", "/supervise?s=on_time"),
    ]


def test_every_page_with_such_a_date_carries_the_banner_until_the_calendar_is_there(county, case):
    for login, path in pages(case):
        (words,) = told(county, login, path)
        assert WAIT in words, path
    release(county, put_forward(county, content=table(*NOTICE)))
    for login, path in pages(case):
        assert told(county, login, path) == [], path


def test_a_message_about_such_a_date_carries_it_too(county, case):
    county.clock.to("2027-01-04")
    county.night()
    assert told(county, "sup1", "/inbox")


def test_a_page_without_such_a_date_carries_none(county, case_at):
    county.clock.to("2026-11-02")
    case = case_at("check_papers")
    for login, path in pages(case):
        assert told(county, login, path) == [], path
