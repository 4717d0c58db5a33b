"""The page 人员岗位: propose, confirm, refuse, end, disable; the inspector reads, nobody else."""

import pytest
from pages.desks import at_the_desk
from pages.visiting import Visitor
from small_county import TOWNSHIP

from workflow.register import accounts
from workflow.store.models import Account, Appointment, Seat

OFFICE = f"/staff?org={TOWNSHIP}"
NEW = {"login": "wang.min", "name": "王敏", "role": "TREV"}


@pytest.fixture
def desks(county):
    return at_the_desk(county, "adm"), at_the_desk(county, "adm2")


def proposed(desk, **typed):
    return desk.submits(desk.opens(OFFICE), f"/staff?org={TOWNSHIP}", **{**NEW, **typed})


def confirmed(desk):
    page = desk.opens("/staff")
    return page, desk.submits(page, button="confirm")


def test_a_seat_is_proposed_confirmed_and_used(county, desks):
    one, two = desks
    page = proposed(one)
    assert "已提出" in page.words and "王敏" in page.words and "新账号" in page.words
    assert not page.tree.xpath("//button[@value='confirm']"), "not by whoever proposed it"
    assert "撤回" in page.words
    _, made = confirmed(two)
    assert made.heading == "账号已建立" and made.status == 200
    password = made.tree.xpath("string(//code)")
    county.clock.forward(minutes=1)
    assert accounts.authenticate(county.house.reader, "wang.min", password)
    assert made.headers["Cache-Control"] == "no-store"
    seen = two.opens(OFFICE)
    assert "王敏" in seen.words and "等另一名系统管理员确认" not in seen.words
    assert password not in seen.text


def test_a_second_click_shows_the_same_password_and_makes_nothing_twice(county, desks):
    one, two = desks
    proposed(one)
    page = two.opens("/staff")
    first, again = (two.submits(page, button="confirm") for _ in range(2))
    assert first.tree.xpath("string(//code)") == again.tree.xpath("string(//code)") != ""
    assert len(county.rows(Account, Account.login == "wang.min")) == 1


def test_whoever_was_given_a_password_changes_it_before_anything_else(county, desks):
    one, two = desks
    proposed(one)
    password = confirmed(two)[1].tree.xpath("string(//code)")
    new = Visitor(two.app)
    page = new.submits(new.opens("/sign-in?next=/work"), login="wang.min", password=password)
    assert page.path == "/account" and "首次密码" in page.words
    assert new.opens("/cases").path == "/account", "nothing else opens"
    again = {"new": "only Wang knows it", "again": "only Wang knows it"}
    wrong = new.submits(page, "/account/password", old="not it at all", **again)
    assert wrong.status == 422
    done = new.submits(page, "/account/password", old=password, **again)
    assert "密码已经改好" in done.words and "首次密码" not in done.words
    assert new.opens("/work").path == "/work"
    assert at_the_desk(county, "trev1").opens("/work").path == "/work", "others have nothing to change"


def test_a_forgotten_password_is_replaced_on_the_page(county, desks, reviewer):
    one, two = desks
    who = reviewer.actor.account_id
    page = one.submits(one.opens(f"/staff/{who}"), f"/staff/{who}/password")
    assert "已提出" in page.words
    waiting = two.opens("/staff")
    assert reviewer.actor.name in waiting.words and "重设密码" in waiting.words
    first, again = (two.submits(waiting, button="confirm") for _ in range(2))
    assert first.heading == "密码已重设" and first.headers["Cache-Control"] == "no-store"
    password = first.tree.xpath("string(//code)")
    assert again.tree.xpath("string(//code)") == password
    assert accounts.authenticate(county.house.reader, "trev1", password) == who
    one.submits(one.opens(f"/staff/{who}"), f"/staff/{who}/password")
    assert "重设密码，等另一名系统管理员确认" in two.opens("/inbox").words
    assert "已退回" in two.submits(two.opens("/staff"), button="refuse").words


def test_two_accounts_never_get_the_same_password(county, desks):
    one, two = desks
    shown = set()
    for login in ("wang.min", "li.li"):
        proposed(one, login=login)
        shown.add(confirmed(two)[1].tree.xpath("string(//code)"))
    assert len(shown) == 2


def test_somebody_who_has_an_account_gets_the_seat_and_keeps_the_password(county, desks):
    one, two = desks
    before = county.rows(Account, Account.login == "trev1")[0].password
    assert "已提出" in proposed(one, login="trev1", name="", role="TINV").words
    _, done = confirmed(two)
    assert "岗位已安排" in done.words and done.path.startswith("/staff")
    assert county.rows(Account, Account.login == "trev1")[0].password == before


def test_what_is_typed_wrongly_is_said_at_its_field_and_stays(county, desks):
    page = proposed(desks[0], login="王", first="明天", last="2026-13-01")
    assert page.status == 422 and set(page.errors()) == {"first", "last"}
    page = proposed(desks[0], login="王", name="")
    assert set(page.errors()) == {"login", "name"}
    assert page.tree.xpath("//input[@id='login']/@value") == ["王"]
    page = proposed(desks[0], login="trev1", name="", role="TREV")
    assert set(page.errors()) == {"role"}
    assert county.rows(Appointment) == []


def test_it_is_refused_or_taken_back(county, desks):
    one, two = desks
    proposed(one)
    assert "已退回" in two.submits(two.opens("/staff"), button="refuse").words
    proposed(one)
    assert "王敏" not in one.submits(one.opens("/staff"), button="refuse").words
    assert [row.state for row in county.rows(Appointment)] == ["refused", "withdrawn"]
    assert "您提出的岗位被退回" in one.opens("/inbox").words
    line = two.opens("/inbox")
    assert "等另一名系统管理员确认" in line.words and "/staff" in line.links()


def test_a_login_taken_meanwhile_is_told_on_the_page(county, desks):
    one, two = desks
    proposed(one)
    county.correct(Account, Account.login == "twin1", login="wang.min")
    _, page = confirmed(two)
    assert page.status == 409 and "登录名已被使用" in page.words


def test_a_seat_ends_and_an_account_is_disabled(county, desks, reviewer):
    desk, who = desks[0], reviewer.actor
    page = desk.opens(f"/staff/{who.account_id}?seat={who.seat_id}")
    assert who.name in page.heading and "没有别人在这个岗位上" in page.words
    ends = f"/staff/{who.account_id}/seats/{who.seat_id}"
    wrong = desk.submits(page, ends, last="昨天")
    assert wrong.status == 422 and set(wrong.errors()) == {"last"}
    done = desk.submits(page, ends, last="")
    assert "结束日期已登记" in done.words and "已结束" in done.words
    assert county.rows(Seat, Seat.id == who.seat_id)[0].valid_to.isoformat() == "2026-03-01"
    off = desk.submits(done, f"/staff/{who.account_id}/standing")
    assert "停用" in off.words and "恢复账号" in off.words
    assert "恢复" in desk.submits(off, f"/staff/{who.account_id}/standing").words


def test_nobody_changes_his_own_on_the_page(county, desks):
    me = county.staff["adm"].actor
    page = desks[0].opens(f"/staff/{me.account_id}?seat={me.seat_id}")
    assert page.status == 200
    assert not page.tree.xpath("//main//form"), "no button at all"
    assert desks[0].opens("/staff/99999").status == 404


def test_the_inspector_reads_and_nobody_else_does(county, desks, reviewer):
    proposed(desks[0])
    inspector = at_the_desk(county, "insp")
    page = inspector.opens(OFFICE)
    assert "王敏" in page.words and reviewer.actor.name in page.words
    assert not page.tree.xpath("//main//form[@method='post']")
    assert "/staff" in inspector.opens("/inspect").links()
    assert page.tree.xpath("string(//nav//a[@aria-current])") == "核查", "reads it there, not in the head"
    assert desks[0].opens("/staff").tree.xpath("string(//nav//a[@aria-current])") == "人员岗位"
    person = inspector.opens(f"/staff/{reviewer.actor.account_id}")
    assert "在服务器上安排" in person.words
    confirmed(desks[1])
    names = [county.staff[login].actor.name for login in ("adm", "adm2")]
    new = inspector.opens(f"/staff/{county.rows(Account, Account.login == 'wang.min')[0].id}")
    assert f"{names[0]}提出，{names[1]}确认" in new.words
    assert person.status == 200 and not person.tree.xpath("//main//form")
    token = inspector.opens("/account").tree.xpath("string(//input[@name='csrf_token']/@value)")
    assert inspector.posts(OFFICE, {**NEW, "csrf_token": token}).status == 403
    for login in ("trev1", "capr", "sup-msb", "vlia1", "chnd"):
        assert at_the_desk(county, login).opens("/staff").status == 403
    assert len(county.rows(Appointment)) == 1
