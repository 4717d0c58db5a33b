"""Signing in: who gets in, with which seat, for how long, and what happens to typed words when it ends."""

from datetime import timedelta

import pytest
from pages.houses import NOW, PASSWORD, TOWNSHIP, VILLAGE, staffed_house
from pages.visiting import Visitor
from sqlalchemy import insert, select, update

from audit import SYSTEM_CHAIN, entries
from web import create_app
from web.limits import limiter
from workflow.register import accounts, seats
from workflow.store import transaction
from workflow.store.models import Account, Seat


class Clock:
    """A clock that a test can push."""

    def __init__(self):
        self.at = NOW

    def __call__(self):
        return self.at

    def passes(self, **length):
        self.at += timedelta(**length)


@pytest.fixture(scope="module")
def house():
    house = staffed_house()
    yield house
    house.close()


@pytest.fixture(scope="module")
def app_and_clock(house):
    clock = Clock()
    return create_app(house, clock=clock, testing=True), clock


@pytest.fixture
def clock(app_and_clock):
    app_and_clock[1].at = NOW
    return app_and_clock[1]


@pytest.fixture
def app(app_and_clock, clock):
    limiter.reset()
    return app_and_clock[0]


@pytest.fixture
def visitor(app):
    return Visitor(app)


def account_id(house, login):
    with house.reader.connect() as connection:
        return accounts.find(connection, login)


def test_a_case_worker_signs_in_and_stands_on_the_seat(visitor):
    page = visitor.signs_in("vlia1")
    assert page.status == 200
    assert "医疗救助联络员" in visitor.opens("/account").words


def test_nobody_else_gets_in(visitor):
    page = visitor.signs_in("vlia1", "wrong horse battery")
    assert page.status == 422
    assert page.title.startswith("错误：")
    assert "账号或密码不对" in page.errors()["login"]
    assert visitor.opens("/account", follow=False).status == 303


def test_the_answer_does_not_tell_whether_there_is_such_an_account(visitor):
    known, unknown = visitor.signs_in("vlia1", "no"), visitor.signs_in("nobody-here", "no")
    assert known.errors() == unknown.errors()


def test_what_was_typed_stays_except_the_password(visitor):
    page = visitor.signs_in("vlia1", "wrong")
    assert page.form().fields["login"] == "vlia1"
    assert page.form().fields["password"] == ""


def test_empty_fields_are_named(visitor):
    page = visitor.signs_in("", "")
    assert set(page.errors()) == {"login", "password"}


def test_after_five_failures_one_has_to_wait(visitor):
    for _ in range(5):
        assert visitor.signs_in("twin1", "wrong").status == 422
    page = visitor.signs_in("twin1")
    assert page.status == 429
    assert "过一会儿再试" in page.words


def test_successes_are_not_counted(visitor):
    for _ in range(8):
        assert visitor.signs_in("trev1").status == 200
        visitor.submits(visitor.opens("/account"), action="/sign-out")


def test_the_session_dies_with_the_account(visitor, house):
    visitor.signs_in("tinv1")
    with transaction(house.engine) as connection:
        accounts.set_active(connection, accounts.find(connection, "tinv1"), False)
    assert visitor.opens("/account", follow=False).status == 303


def test_the_session_dies_with_a_new_password(app, house):
    here, there = Visitor(app), Visitor(app)
    here.signs_in("tlead1")
    there.signs_in("tlead1")
    page = here.submits(
        here.opens("/account"), action="/account/password",
        old=PASSWORD, new="a longer sentence", again="a longer sentence",
    )  # fmt: skip
    assert "密码已经改好" in page.words
    assert here.opens("/account").status == 200
    assert there.opens("/account", follow=False).status == 303
    assert Visitor(app).signs_in("tlead1", "a longer sentence").status == 200


def test_a_new_password_stands_in_the_log_without_a_word_of_it(app, house):
    with transaction(house.engine) as conn:
        account = accounts.create(conn, "zhou", "周小小", at=NOW, password=PASSWORD)
        roles = house.rules().rulebook.roles
        seats.give_seat(conn, account, TOWNSHIP, "TREV", roles=roles, valid_from=NOW.date())
    visitor = Visitor(app)
    visitor.signs_in("zhou")
    visitor.submits(
        visitor.opens("/account"), action="/account/password",
        old=PASSWORD, new="a longer sentence", again="a longer sentence",
    )  # fmt: skip
    with house.reader.connect() as conn:
        told = [stored.entry for stored in entries(conn, SYSTEM_CHAIN)][-1]
    assert (told["type"], told["vars"]) == ("password_set", {"account": account})
    assert (told["actor"]["id"], told["actor"]["role"]) == (account, "TREV")


def test_a_new_password_is_checked_in_every_way_at_once(visitor):
    visitor.signs_in("chnd")
    page = visitor.submits(
        visitor.opens("/account"), action="/account/password", old="not it", new="short", again="other"
    )
    assert page.status == 422
    assert set(page.errors()) == {"old", "new", "again"}


def test_after_an_hour_without_activity_one_signs_in_again(visitor, clock):
    visitor.signs_in("cchk")
    clock.passes(minutes=59)
    assert visitor.opens("/account").status == 200
    clock.passes(minutes=59)
    assert visitor.opens("/account").status == 200
    clock.passes(minutes=61)
    page = visitor.opens("/account")
    assert page.path.startswith("/sign-in?next=")


def test_after_twelve_hours_one_signs_in_again_however_busy(visitor, clock):
    visitor.signs_in("cchk")
    for _ in range(15):
        clock.passes(minutes=50)
        visitor.opens("/account")
    assert visitor.opens("/account", follow=False).status == 303


def test_after_signing_in_one_is_where_one_wanted_to_be(visitor):
    page = visitor.opens("/inbox?page=1")
    page = visitor.submits(page, login="capr", password=PASSWORD)
    assert page.path == "/inbox?page=1"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb", "inbox"],
)
def test_nobody_is_led_to_another_site(visitor, elsewhere):
    page = visitor.opens("/sign-in")
    data = {**page.form().fields, "login": "capr", "password": PASSWORD, "next": elsewhere}
    answer = visitor.posts("/sign-in", data, follow=False)
    assert answer.headers["Location"] == "/"


def test_words_typed_when_the_session_had_ended_are_not_lost(visitor, clock):
    visitor.signs_in("fin1")
    page = visitor.opens("/account")
    clock.passes(hours=2)
    asked = visitor.submits(page, action="/account/password", old="one", new="two", again="three")
    assert asked.status == 401
    assert "您填的内容还在" in asked.words
    assert "three" not in asked.text
    again = visitor.submits(asked, login="fin1", password=PASSWORD)
    assert "它还没有提交" in again.words
    sent = visitor.submits(again)
    assert sent.status == 422
    assert set(sent.errors()) == {"old", "new", "again"}


def test_words_typed_outlive_a_password_that_was_replaced_meanwhile(visitor, clock, house):
    """Who is asked to sign in again and has forgotten the password gets another one, and changes it first."""
    visitor.signs_in("revw")
    page = visitor.opens("/account")
    clock.passes(hours=2)
    asked = visitor.submits(page, action="/account/password", old="one", new="two", again="three")
    given, own = "given by somebody", "known to nobody else"
    with transaction(house.engine) as connection:
        number = accounts.find(connection, "revw")
        accounts.hand_out_password(connection, number, accounts.hash_password(given))
    first = visitor.submits(asked, login="revw", password=given)
    assert "首次密码" in first.words
    wrong = visitor.submits(first, action="/account/password", old=given, new=own, again="something else")
    assert set(wrong.errors()) == {"again"}
    again = visitor.submits(wrong, action="/account/password", old=given, new=own, again=own)
    assert "它还没有提交" in again.words
    sent = visitor.submits(again)
    assert set(sent.errors()) == {"old", "new", "again"}, "what was typed two hours ago"


def test_words_typed_are_given_back_only_to_the_same_account(visitor, clock):
    visitor.signs_in("fin1")
    page = visitor.opens("/account")
    clock.passes(hours=2)
    asked = visitor.submits(page, action="/account/password", old="one", new="two", again="three")
    again = visitor.submits(asked, login="fin2", password=PASSWORD)
    assert "还没有提交" not in again.words


def test_a_forged_submission_is_refused(visitor):
    visitor.signs_in("fin1")
    page = visitor.posts(
        "/account/password", {"old": PASSWORD, "new": "0123456789ab", "again": "0123456789ab"}
    )
    assert page.status == 400
    assert visitor.signs_in("fin1").status == 200


def test_somebody_with_two_seats_chooses(visitor, house):
    with transaction(house.engine) as connection:
        connection.execute(
            insert(Seat),
            {"account_id": accounts.find(connection, "vhead1"), "org": TOWNSHIP, "role": "TINV",
             "valid_from": NOW.date()},
        )  # fmt: skip
    page = visitor.signs_in("vhead1")
    assert page.path.startswith("/seats")
    seats = page.tree.xpath("//button[@name='seat']/@value")
    page = visitor.submits(page, action="/seats", button=seats[1])
    assert "调查" in visitor.opens("/account").words


def test_a_seat_of_somebody_else_cannot_be_taken(visitor, house):
    visitor.signs_in("vlia1")
    page = visitor.opens("/seats")
    token = page.form("/seats").fields["csrf_token"]
    with house.reader.connect() as connection:
        other = connection.scalar(select(Seat.id).where(Seat.role == "CAPR"))
    assert visitor.posts("/seats", {"seat": str(other), "csrf_token": token}).status == 404


def test_a_seat_ends_with_its_last_day(visitor, house, clock):
    visitor.signs_in("arch")
    with transaction(house.engine) as connection:
        connection.execute(
            update(Seat)
            .where(Seat.account_id == accounts.find(connection, "arch"))
            .values(valid_to=NOW.date())
        )
    assert "还没有选" not in visitor.opens("/account").words
    clock.passes(hours=11)  # 1:00 the next morning in Anfu
    visitor.submits(visitor.opens("/sign-in"), login="arch", password=PASSWORD)
    assert "没有有效的岗位" in visitor.opens("/seats").words


def test_signing_out_ends_the_session(visitor):
    visitor.signs_in("fin2")
    visitor.submits(visitor.opens("/account"), action="/sign-out")
    assert visitor.opens("/account", follow=False).status == 303


def test_the_cookie_is_nobody_elses_business(app, house, clock):
    response = app.test_client().get("/sign-in")
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    safe = create_app(house, clock=clock, testing=True, https=True).test_client().get("/sign-in")
    assert safe.headers["Set-Cookie"].startswith("__Host-mingjian=")
    assert "Secure" in safe.headers["Set-Cookie"]
    assert "Strict-Transport-Security" in safe.headers


def test_the_key_of_the_cookies_is_readable_by_nobody_else(app, house):
    key = house.home / "keys" / "session.key"
    assert key.stat().st_mode & 0o077 == 0


def test_language_and_size_follow_the_person(app, house):
    first = Visitor(app)
    first.signs_in("pub")
    page = first.submits(first.opens("/account"), action="/preferences")
    assert page.tree.get("lang") == "zh-CN"
    page = first.submits(first.opens("/account"), action="/preferences", language="en", elder="1")
    assert page.tree.get("lang") == "en"
    assert page.tree.get("class") == "mj-elder"
    elsewhere = Visitor(app)
    page = elsewhere.signs_in("pub")
    assert page.tree.get("lang") == "en"
    with house.reader.connect() as connection:
        row = connection.execute(select(Account.language, Account.elder).where(Account.login == "pub")).one()
    assert tuple(row) == ("en", True)


def test_the_village_exists_for_these_tests(house):
    with house.reader.connect() as connection:
        assert connection.scalar(select(Seat.org).where(Seat.org == VILLAGE).limit(1)) == VILLAGE
