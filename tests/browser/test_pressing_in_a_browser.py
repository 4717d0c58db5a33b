"""The supervisor's acts, supervisions, leaves: measured with axe; ticks on the board with their helper."""

from uuid import uuid4

import pytest
from browser.checking import Checker, serving
from pages.houses import NOW, PASSWORD, demonstration_copy
from playwright.sync_api import expect
from sqlalchemy import select

from web import create_app
from web.limits import limiter
from workflow.actor import Actor
from workflow.deadlines import SHANGHAI
from workflow.handle import handle
from workflow.leave_commands import TakeLeave
from workflow.store.models import Account, Case, Seat, Task
from workflow.supervisor_commands import PutUnderSupervision

pytestmark = pytest.mark.browser
ACTS = ("urge", "reassign", "supervise", "extend")


def person(conn, org, role):
    """Login and actor of whoever sits there."""
    login, *actor = conn.execute(
        select(Account.login, Seat.account_id, Seat.id, Seat.role, Seat.org, Account.name)
        .join(Account, Account.id == Seat.account_id)
        .where(Seat.org == org, Seat.role == role)
    ).first()
    return login, Actor(*actor)


@pytest.fixture(scope="module")
def pressed():
    """A copy of the county in which one step is under supervision and the reviewer of a township away."""
    house = demonstration_copy()
    with house.reader.connect() as conn:
        steps = conn.execute(
            select(Task.case_id, Task.id, Task.org)
            .join(Case, Case.id == Task.case_id)
            .where(Task.done_at.is_(None), Task.kind == "user", Task.role == "TREV", Task.org.like("360829%"))
            .order_by(Task.due_at)
            .limit(3)
        ).all()
        _, supervisor = person(conn, "360829-msb", "SUP")
        _, reviewer = person(conn, steps[0].org, "TREV")
        login, leader = person(conn, steps[0].org, "TLEAD")
    asked = {"answer_by": "2026-11-27", "supervision_words": "说明为什么没有按时审核，并写明哪天办完。"}
    put = PutUnderSupervision(steps[0].case_id, steps[0].id, asked)
    handle(house, supervisor, put, at=NOW, request_id=uuid4().hex)
    today = NOW.astimezone(SHANGHAI).date()
    away = TakeLeave(reviewer.seat_id, leader.seat_id, today, today.replace(day=27), "training")
    handle(house, reviewer, away, at=NOW, request_id=uuid4().hex)
    with serving(create_app(house, testing=True)) as address:
        yield address, steps, login
    house.close()


@pytest.fixture
def window(browser, pressed):
    contexts = []

    def opened(login, password=PASSWORD):
        limiter.reset()
        contexts.append(browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai"))
        view = Checker(contexts[-1], pressed[0])
        view.signs_in(login, password)
        return view

    yield opened
    for context in contexts:
        context.close()


def test_the_pages_of_a_supervisor(window, pressed):
    picked = "&".join(f"step={row.case_id.hex}.{row.id}" for row in pressed[1])
    pages = [f"/supervise/act/{act}?{picked}" for act in ACTS]
    one = f"/cases/{pressed[1][0].case_id}/supervisions/1"
    view = window("sup-msb")
    faults = view.check([*pages, "/supervise", "/supervise/supervisions", one, "/supervise/exceptions"])
    assert not faults, "\n".join(map(str, faults))


def test_the_pages_of_an_office(window, pressed):
    view = window(pressed[2])
    view.page.goto(f"{view.base}/seats")
    view.page.locator("button[name=seat]").first.click()
    one = f"/cases/{pressed[1][0].case_id}/supervisions/1"
    faults = view.check(["/leave", "/work", "/seats", one, f"/cases/{pressed[1][0].case_id}"])
    assert not faults, "\n".join(map(str, faults))


def test_the_pages_of_the_administrators(window):
    view = window("adm")
    page = view.page
    page.goto(f"{view.base}/staff?org=360829-msb")
    page.fill("#login", "wang.min")
    page.fill("#name", "王敏")
    page.select_option("#role", "CCHK")
    page.click("#give button")
    expect(page.locator("#w-h")).to_be_visible()
    person = page.locator("[aria-labelledby=s-h] a").last.get_attribute("href")  # the first is one of them
    page.goto(view.base + person)
    seat = page.locator("a[href*='seat=']").first.get_attribute("href").partition("#")[0]
    faults = view.check(["/leave?org=360829-msb", "/staff?org=360829-msb", person, seat])
    assert not faults, "\n".join(map(str, faults))
    second = window("adm2").page
    second.goto(f"{view.base}/staff")
    second.click("button[value=confirm]")
    password = second.locator("code").text_content()
    assert "王敏" in window("wang.min", password).page.locator("h1").text_content()


def test_all_are_ticked_at_once_and_counted_and_go_to_the_preview(window):
    view = window("sup-msb")
    page = view.page
    page.goto(f"{view.base}/supervise?s=overdue")
    page.check("[data-all]")
    number = page.locator("input[name=step]:checked").count()
    assert number > 1 and page.locator("[data-ticked]").text_content() == f"已选{number}件"
    page.locator("form[data-ticks] button", has_text="挂牌督办").click()
    page.wait_for_url("**/supervise/act/supervise?**")
    assert page.locator("input[name=step]").count() + page.locator(".mj-files li").count() == number
