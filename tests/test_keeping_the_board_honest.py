"""The board says what it cannot know: nobody watching, a channel that is dead, a page that stands still."""

from datetime import timedelta

import pytest
from lxml import html
from pages.desks import at_the_desk
from sqlalchemy import insert

from workflow.alerts.failures import failure_words
from workflow.alerts.watching import STALE_AFTER, beat, silent
from workflow.store import transaction
from workflow.store.models import Channel, Outbox, table

FILE = """
[channels.mail]
kind = "smtp"
host = "127.0.0.1"
sender = "mingjian@anfu.example"
[channels.group]
kind = "wecom"
secret = "group"
"""
UNWATCHED = "没有人在看期限"


def keeps(county, name, **values):
    row = {"failures": 0, "failing_since": None, "retry_at": None, "last_error": None, "last_ok_at": None}
    with transaction(county.house.engine) as conn:
        conn.execute(insert(table(Channel)), {"name": name, "told_at": None, **row, **values})


def waits(county, name, number, **values):
    row = {"kind": "message", "payload": {}, "attempts": 0, "channel": name}
    rows = [{**row, "available_at": county.clock.at, **values} for _ in range(number)]
    with transaction(county.house.engine) as conn:
        conn.execute(insert(table(Outbox)), rows)


def test_the_board_says_that_no_worker_watches_the_limits(county):
    supervisor = at_the_desk(county, "sup-msb")
    assert UNWATCHED in supervisor.opens("/supervise").words
    beat(county.house, county.clock.at)
    assert UNWATCHED not in supervisor.opens("/supervise").words
    county.clock.at += STALE_AFTER
    assert UNWATCHED not in supervisor.opens("/supervise").words
    county.clock.at += timedelta(seconds=1)
    assert UNWATCHED in supervisor.opens("/supervise").words
    assert silent(None, county.clock.at)


def test_every_channel_shows_its_state_in_words(county):
    (county.house.home / "channels.toml").write_text(FILE, encoding="utf-8")
    at = county.clock.at
    ago = {minutes: at - timedelta(minutes=minutes) for minutes in (4, 60, 90)}
    keeps(county, "mail", failures=4, failing_since=ago[60], retry_at=at, told_at=ago[60],
          last_error="SMTP 535", last_failed_at=ago[4], last_ok_at=ago[90])  # fmt: skip
    keeps(county, "former", last_ok_at=ago[90])
    waits(county, "mail", 3)
    waits(county, "mail", 1, gave_up_at=at)
    waits(county, "mail", 1, done_at=at)
    waits(county, "former", 2)
    page = at_the_desk(county, "sup-msb").opens("/supervise/channels")
    told = {row.xpath("string(th/text())"): " ".join(row.text_content().split())
            for row in page.tree.xpath("//tbody/tr")}  # fmt: skip
    assert list(told) == ["mail", "group", "former"]
    assert all(
        word in told["mail"] for word in ("发不出去", "不认这个账号或密钥", "SMTP 535", "8:56", "7:30")
    )
    cells = page.tree.xpath("//tbody/tr[1]/td[contains(@class, 'mj-num')]/text()")
    assert cells == ["3", "1"]
    assert "还没有用过" in told["group"] and "已停用，还有消息没发" in told["former"]


def test_a_dead_channel_shows_on_the_board_and_a_living_one_does_not(county):
    supervisor = at_the_desk(county, "sup-msb")
    keeps(county, "group", failures=1, failing_since=county.clock.at)
    assert "消息发不出去" not in supervisor.opens("/supervise").words
    keeps(county, "mail", failures=3, failing_since=county.clock.at, told_at=county.clock.at)
    page = supervisor.opens("/supervise")
    assert "消息发不出去：mail" in page.words and "/supervise/channels" in page.links()
    assert "消息发不出去" not in at_the_desk(county, "twin1").opens("/supervise").words


def test_a_wrong_file_of_channels_is_said_with_place_and_reason(county):
    (county.house.home / "channels.toml").write_text('[channels.mail]\nkind = "pigeon"\n', encoding="utf-8")
    page = at_the_desk(county, "sup-msb").opens("/supervise/channels")
    assert "渠道文件有误" in page.words and "pigeon" in page.words


def test_only_those_who_are_told_see_the_channels(county):
    statuses = {name: at_the_desk(county, name).opens("/supervise/channels").status
                for name in ("sup-msb", "sup1", "adm", "insp", "twin1", "vlia1")}  # fmt: skip
    assert statuses == {"sup-msb": 200, "sup1": 200, "adm": 200, "insp": 200, "twin1": 403, "vlia1": 403}


@pytest.mark.parametrize(
    ("noted", "word"),
    [
        ("SMTP 535", "密钥"),
        ("HTTP 403", "密钥"),
        ("HTTP 503", "没有收下（HTTP 503）"),
        ("errcode -1", "没有收下"),
        ("TimeoutError", "没有回答"),
        ("secret mail is missing", "缺少密钥“mail”"),
        ("BadStatusLine", "读不懂"),
        ("gaierror", "地址"),
        ("the robot's answer cannot be read", "读不懂"),
        ("OSError", "网络不通（OSError）"),
    ],
)
def test_a_failure_is_told_so_that_an_office_can_act(noted, word):
    assert word in failure_words(noted).zh


def polls(visitor, address="/supervise"):
    headers = {"X-Poll": "1", "X-Requested-With": "fetch"}
    return visitor.client.get(address, headers=headers)


def test_an_open_page_asks_for_its_parts_alone(county, case_at):
    supervisor = at_the_desk(county, "sup-msb")
    whole = supervisor.opens("/supervise?by=step")
    case_at("check_papers")
    parts = html.fromstring(f"<div>{polls(supervisor, '/supervise?by=step').get_data(as_text=True)}</div>")
    names = whole.tree.xpath("//@data-part")
    assert parts.xpath("//@data-part") == names and not parts.xpath("//header|//main")
    assert "在办0件" in whole.words and "在办1件" in parts.text_content()


def test_a_page_that_asks_by_itself_does_not_keep_anybody_signed_in(county):
    supervisor = at_the_desk(county, "sup-msb")
    for _ in range(3):
        county.clock.forward(minutes=25)
        answer = polls(supervisor).status_code
    assert answer == 401, "75 minutes after anything was done by hand"
    other = at_the_desk(county, "sup-msb")
    for _ in range(3):
        county.clock.forward(minutes=25)
        status = other.opens("/supervise").status
    assert status == 200
