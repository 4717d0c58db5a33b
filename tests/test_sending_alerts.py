"""An alert leaves the house: by mail and by robots that really answer, refuse, or never say a word."""

import threading
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from crashing import Crash
from house_templates import another_process
from receivers import mail_server, robot
from small_county import TOWNSHIP
from sqlalchemy import insert, select

from bpmn import RulebookError
from workflow.alerts import sending
from workflow.alerts.channels import parse_channels, read_channels
from workflow.alerts.secrets import SecretMissing, secret
from workflow.alerts.sending import pause_after
from workflow.cli import mingjian
from workflow.jobs import run_until_quiet
from workflow.leave_commands import TakeLeave
from workflow.store import transaction
from workflow.store.models import Channel, Digest, InboxMessage, Outbox, Person

SITE = 'site = "https://mingjian.example"\n'
MAIL = """
[channels.mail]
kind = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
sender = "mingjian@anfu.example"
user = "mingjian"
secret = "mail"
seconds = 2
"""
RULE = """
[[rules]]
name = "{name}"
channel = "{channel}"
to = {to}
desks = {desks}
when = "{when}"
"""


def rule(
    name="sup", channel="mail", to='["sup@anfu.example"]', desks='["SUP@township"]', when="now", more=""
):
    return RULE.format(name=name, channel=channel, to=to, desks=desks, when=when) + more


def office_says(county, text: str, **secrets: str) -> None:
    """The office writes its file, and the secrets where they belong."""
    (county.house.home / "channels.toml").write_text(SITE + text, encoding="utf-8")
    folder = county.house.home / "keys" / "secrets"
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in {"mail": "right", **secrets}.items():
        (folder / name).write_text(value, encoding="utf-8")


def late(case_at, clock):
    """A case whose township check has just become overdue, at eight in the morning of a working day."""
    case = case_at("audit_file")
    clock.to("2026-03-18", "08:00")
    return case


def sent(county, case=None):
    where = [] if case is None else [Outbox.case_id == case.id]
    return county.rows(Outbox, Outbox.channel.is_not(None), *where)


def inbox(county, kind):
    return [(line.org, line.role) for line in county.rows(InboxMessage, InboxMessage.kind == kind)]


@pytest.fixture
def mailbox():
    with mail_server() as (box, port):
        box.config = MAIL.format(port=port)
        yield box


# --- mail


def test_an_alert_goes_out_by_mail_once_and_says_nothing_of_a_person(case_at, county, clock, mailbox):
    office_says(county, mailbox.config + rule())
    case = late(case_at, clock)
    county.night()
    county.night()
    assert [mail["Subject"] for mail in mailbox.mails] == ["【明鉴】临期", "【明鉴】快到期", "【明鉴】超期"]
    mail = mailbox.mails[-1]
    text = mail.get_content()
    assert f"案件{case.row.number}，乡镇调查和审核，3月17日到期" in text
    assert f"https://mingjian.example/cases/{case.id}" in text
    assert mail["To"] == "sup@anfu.example" and mailbox.logins == ["mingjian"] * 3
    with county.house.reader.connect() as conn:
        person = conn.execute(select(Person).where(Person.id == case.row.applicant_id)).one()
        for value in (person.name, person.id_number, person.phone, person.account_number):
            assert value not in str(mail)
    assert all(row.done_at is not None for row in sent(county, case))
    keys = [mail["Message-ID"] for mail in mailbox.mails]
    assert len(set(keys)) == 3


def test_a_mailbox_that_refuses_is_told_and_the_alert_stays_in_the_inbox(case_at, county, clock, mailbox):
    mailbox.refuses["gone@anfu.example"] = "550"
    office_says(county, mailbox.config + rule(to='["gone@anfu.example", "sup@anfu.example"]'))
    case = late(case_at, clock)
    county.night()
    county.night()
    assert [mail["To"] for mail in mailbox.mails] == ["sup@anfu.example"] * 3, "the other address gets it"
    refused = [row for row in sent(county, case) if row.gave_up_at is not None]
    assert [row.last_error for row in refused] == ["SMTP 550"] * 3
    assert inbox(county, "mail_refused")[:2] == [("360829-msb", "SUP"), ("360829-msb", "ADM")]
    assert (TOWNSHIP, "SUP") in inbox(county, "deadline")


def test_that_a_refusal_cannot_be_told_is_no_new_refusal(case_at, county, clock, mailbox):
    mailbox.refuses["sup@anfu.example"] = "550"
    office_says(county, mailbox.config + rule(desks='["SUP"]'))
    late(case_at, clock)
    county.night()
    before = len(inbox(county, "mail_refused"))
    county.night()
    assert len(inbox(county, "mail_refused")) == before


def test_a_mailbox_that_is_full_for_now_is_tried_again(case_at, county, clock, mailbox):
    mailbox.down = True
    office_says(county, mailbox.config + rule())
    case = late(case_at, clock)
    county.night()
    assert not mailbox.mails
    assert {row.last_error for row in sent(county, case) if row.attempts} == {"SMTP 451"}
    mailbox.down = False
    clock.forward(minutes=2)
    county.night()
    assert len(mailbox.mails) == 3


def test_a_wrong_password_holds_the_channel_and_loses_nothing(case_at, county, clock, mailbox):
    office_says(county, mailbox.config + rule(), mail="wrong")
    case = late(case_at, clock)
    county.night()
    assert {row.last_error for row in sent(county, case) if row.attempts} == {"SMTP 535"}
    office_says(county, mailbox.config + rule())
    clock.forward(minutes=2)
    county.night()
    assert len(mailbox.mails) == 3


# --- robots


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "webhook"])
def test_a_robot_gets_it_in_its_own_way(case_at, county, clock, kind):
    with robot() as (this, url):
        sign = "" if kind == "wecom" else 'sign = "sign"\n'
        config = f'[channels.group]\nkind = "{kind}"\nurl = "{url}"\nsecret = "token"\n{sign}'
        office_says(county, config + rule(channel="group", to="[]"), token="t0ken", sign="SECret")
        late(case_at, clock)
        county.night()
    path, headers, body = this.calls[-1]
    assert len(this.calls) == 3
    words = body["text"]["content"] if kind != "webhook" else body["text"]
    assert "乡镇调查和审核" in words
    if kind == "wecom":
        assert path == "/hook?key=t0ken" and body["msgtype"] == "text"
    elif kind == "dingtalk":
        assert path.startswith("/hook?access_token=t0ken&timestamp=1773792000000&sign=")
    else:
        assert headers["Authorization"] == "Bearer t0ken" and headers["Idempotency-Key"] == body["id"]
        assert len(headers["X-Mingjian-Signature"]) == 64


def test_a_webhook_that_never_answers_costs_one_attempt_and_holds_nobody_up(case_at, county, clock, mailbox):
    with robot() as (this, url):
        this.silent = True
        config = f'[channels.group]\nkind = "webhook"\nurl = "{url}"\nseconds = 1\n'
        both = rule("robot", "group", "[]") + rule()
        office_says(county, config + mailbox.config + both)
        case = late(case_at, clock)
        county.night()
        assert len(this.calls) == 1, "three messages wait, one was tried"
        assert len(mailbox.mails) == 3, "the other channel went on"
        for minutes in (1, 2, 4):
            clock.forward(minutes=minutes)
            county.night()
        assert len(this.calls) == 4
        (state,) = county.rows(Channel, Channel.name == "group")
        assert state.failures == 4 and state.last_error == "TimeoutError"
        assert inbox(county, "channel_dead") == [("360829-msb", "SUP"), ("360829-msb", "ADM")], "told once"
        this.silent = False
        this.wake.set()
        clock.forward(hours=1)
        county.night()
        assert len(this.calls) == 7
        assert all(row.done_at for row in sent(county, case))
        assert inbox(county, "channel_back") == [("360829-msb", "SUP"), ("360829-msb", "ADM")]
        assert county.rows(Channel, Channel.name == "group")[0].failures == 0


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (500, {}, "HTTP 500"),
        (302, {}, "HTTP 302"),
        (200, {"errcode": 93000}, "errcode 93000"),
        (200, [], "the robot's answer cannot be read"),
        (200, {"errcode": "t0ken " * 100}, "the robot's answer cannot be read"),
        (200, {"errcode": False}, "the robot's answer cannot be read"),
    ],
)
def test_whatever_a_robot_says_the_alert_waits_and_the_token_is_nowhere(
    case_at, county, clock, status, answer, error
):
    with robot() as (this, url):
        this.status, this.answer = status, answer
        config = f'[channels.group]\nkind = "wecom"\nurl = "{url}"\nsecret = "token"\n'
        office_says(county, config + rule(channel="group", to="[]"), token="t0ken")
        case = late(case_at, clock)
        county.night()
    tried = [row for row in sent(county, case) if row.attempts]
    assert [row.last_error for row in tried] == [error]
    assert "t0ken" not in str(county.rows(Outbox)) + str(county.rows(Channel))


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"this is no HTTP\r\n\r\n", "BadStatusLine"),
        (b"HTTP/1.1 200 " + b"x" * 70_000, "LineTooLong"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n", "HTTPException"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "IncompleteRead"),
        (b"HTTP/1.1 500 no\r\nContent-Length: 9\r\n\r\n", "HTTP 500"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 60_000, "the robot's answer cannot be read"),
    ],
)
def test_a_garbled_answer_holds_its_own_channel_and_no_other(case_at, county, clock, mailbox, raw, error):
    with robot() as (this, url):
        this.raw = raw
        config = f'[channels.group]\nkind = "dingtalk"\nurl = "{url}"\nsecret = "token"\n'
        office_says(county, config + mailbox.config + rule("robot", "group", "[]") + rule(), token="t0ken")
        case = late(case_at, clock)
        county.night()
        assert {row.last_error for row in sent(county, case) if row.channel == "group" and row.attempts} == {
            error
        }
        assert len(mailbox.mails) == 3
        this.raw = b""
        clock.forward(minutes=1)
        county.night()
    assert all(row.done_at for row in sent(county, case)), "it waited and has gone out"


def test_a_password_that_cannot_be_sent_holds_its_own_channel_and_no_other(case_at, county, clock, mailbox):
    with robot() as (this, url):
        config = f'[channels.group]\nkind = "webhook"\nurl = "{url}"\n'
        office_says(county, mailbox.config + config + rule() + rule("robot", "group", "[]"), mail="密码")
        case = late(case_at, clock)
        county.night()
        assert len(this.calls) == 3
    waiting = [row for row in sent(county, case) if row.channel == "mail"]
    assert len(waiting) == 3 and not any(row.done_at or row.gave_up_at for row in waiting)
    assert {row.last_error for row in waiting if row.attempts} == {"UnicodeEncodeError"}


def test_a_worker_that_dies_between_sending_and_writing_it_down_sends_again_under_the_same_key(
    case_at, county, clock, mailbox, monkeypatch
):
    """At least once is what can be promised: the receiver knows the second copy by its key."""
    office_says(county, mailbox.config + rule())
    case = late(case_at, clock)

    def die(*told):
        raise Crash()

    monkeypatch.setattr(sending, "_sent", die)
    with pytest.raises(Crash):
        county.night()
    monkeypatch.undo()
    (taken,) = mailbox.mails
    county.night()
    assert [mail["Message-ID"] for mail in mailbox.mails].count(taken["Message-ID"]) == 1, "the lease holds"
    clock.forward(minutes=5)
    county.night()
    keys = [mail["Message-ID"] for mail in mailbox.mails]
    assert keys.count(taken["Message-ID"]) == 2 and len(set(keys)) == 3
    assert all(row.done_at for row in sent(county, case))
    clock.forward(minutes=5)
    county.night()
    assert len(mailbox.mails) == 4, "and no third time"


def test_a_server_that_is_not_there_and_a_secret_that_is_missing_are_named(case_at, county, clock):
    config = '[channels.mail]\nkind = "smtp"\nhost = "127.0.0.1"\nport = 9\nsender = "m@anfu.example"\n'
    robot_config = '[channels.group]\nkind = "wecom"\nsecret = "forgotten"\n'
    office_says(county, config + robot_config + rule() + rule("r", "group", "[]"))
    case = late(case_at, clock)
    county.night()
    errors = {row.channel: row.last_error for row in sent(county, case) if row.attempts}
    assert errors == {"mail": "ConnectionRefusedError", "group": "secret forgotten is missing"}


# --- when


def test_a_digest_at_half_past_eight_on_working_days(case_at, county, clock, mailbox):
    office_says(county, mailbox.config + rule(when="digest"))
    case = late(case_at, clock)
    county.night()
    assert not mailbox.mails
    clock.to("2026-03-18", "08:30")
    county.night()
    county.night()
    (mail,) = mailbox.mails
    assert mail["Subject"] == "【明鉴】3月18日期限提醒：超期1件，快到期1件，临期1件"
    assert mail.get_content().count(case.row.number) == 3
    clock.to("2026-03-21", "09:00")  # Saturday: the second escalation came on Friday
    county.night()
    assert len(mailbox.mails) == 1
    clock.to("2026-03-23", "08:29")
    county.night()
    assert len(mailbox.mails) == 1
    clock.to("2026-03-23", "12:00")
    county.night()
    assert [mail["Subject"] for mail in mailbox.mails[1:]] == ["【明鉴】3月23日期限提醒：超期后第二次提醒1件"]
    clock.to("2026-03-24", "12:00")
    county.night()
    assert len(mailbox.mails) == 2, "nothing new, no digest"


def test_a_long_digest_counts_what_it_does_not_name(county, clock, case_at, mailbox):
    office_says(county, mailbox.config + rule(when="digest", desks='["SUP@msb"]'))
    case = case_at("check_papers")
    clock.to("2026-03-18", "08:00")
    line = {
        "org": "360829-msb",
        "role": "SUP",
        "kind": "urged",
        "case_id": case.id,
        "params": {},
        "at": clock.at,
    }
    with transaction(county.house.engine) as conn:
        conn.execute(insert(InboxMessage), [line] * 25)
    clock.to("2026-03-18", "08:30")
    county.night()
    assert "还有5条，登录后查看" in mailbox.mails[0].get_content()
    assert mailbox.mails[0]["Subject"].endswith("其他25条")


def test_the_most_urgent_limits_go_out_at_once_and_in_quiet_hours(case_at, county, clock, mailbox):
    quiet = '[quiet]\nfrom = "21:00"\nuntil = "07:30"\n'
    office_says(county, quiet + mailbox.config + rule(when="digest", desks='["SUP@msb"]'))
    case = case_at("audit_file")
    clock.to("2026-03-17", "23:00")
    line = {"org": "360829-msb", "role": "SUP", "kind": "deadline", "case_id": case.id, "at": clock.at}
    with transaction(county.house.engine) as conn:
        for limit in ("D18", "D09"):
            conn.execute(insert(InboxMessage), {**line, "params": {"limit": limit, "level": "overdue"}})
    county.night()
    assert ["绿色通道" in mail.get_content() for mail in mailbox.mails] == [True]
    clock.to("2026-03-18", "08:30")
    county.night()
    assert "县级审批" in mailbox.mails[1].get_content() and "绿色通道" not in mailbox.mails[1].get_content()


def test_quiet_hours_hold_what_is_not_urgent_until_the_morning(case_at, county, clock, mailbox, supervisor):
    quiet = '[quiet]\nfrom = "21:00"\nuntil = "07:30"\n'
    office_says(county, quiet + mailbox.config + rule(desks='["SUP@township"]'))
    case_at("audit_file")
    clock.to("2026-03-13", "00:05")
    county.night()
    assert not mailbox.mails and inbox(county, "deadline")
    clock.to("2026-03-13", "07:30")
    county.night()
    assert len(mailbox.mails) == 1


def test_a_worker_that_was_down_for_a_week_sends_one_digest(case_at, county, clock, mailbox):
    office_says(county, mailbox.config + rule(when="digest"))
    case_at("audit_file")
    clock.to("2026-03-27", "10:00")
    county.night()
    (mail,) = mailbox.mails
    assert "超期后第三次提醒1件，超期后第二次提醒1件，超期1件" in mail["Subject"]
    assert len(county.rows(Digest)) == 1


# --- who


def test_levels_kinds_and_desks_choose(case_at, county, clock, mailbox):
    only = rule("third", to='["c@anfu.example"]', desks='["SUP@county"]', more='levels = ["third"]\n')
    village = rule("v", to='["v@anfu.example"]', desks='["VLIA@village"]', more='kinds = ["urged"]\n')
    reviewer = rule("t", to='["t@anfu.example"]', desks=f'["TREV@{TOWNSHIP}"]', more='levels = ["overdue"]\n')
    office_says(county, mailbox.config + only + village + reviewer)
    late(case_at, clock)
    clock.to("2026-04-01")
    county.night()
    assert sorted(mail["To"] for mail in mailbox.mails) == ["c@anfu.example", "t@anfu.example"]


def test_a_substitute_gets_the_mail_where_the_own_desk_is(case_at, county, clock, mailbox):
    """From the first day of the leave to the last; the absent one's room gets it as well."""
    absent, sits_in = county.staff["trev1"], county.staff["tinv1"]
    case = case_at("audit_file")
    desks = {"t": f"TREV@{TOWNSHIP}", "i": f"TINV@{TOWNSHIP}"}
    levels = 'levels = ["overdue", "second"]\n'
    rules = [
        rule(name, to=f'["{name}@anfu.example"]', desks=f'["{desk}"]', more=levels)
        for name, desk in desks.items()
    ]
    office_says(county, mailbox.config + "".join(rules))
    today = county.today
    last = date(2026, 3, 20)
    absent.does(TakeLeave(absent.actor.seat_id, sits_in.actor.seat_id, today, last, "leave"))
    clock.to("2026-03-18", "08:00")
    county.night()
    got = [
        [mail.get_content() for mail in mailbox.mails if mail["To"] == f"{to}@anfu.example"] for to in desks
    ]
    assert got[0] == got[1] and case.row.number in got[0][-1]
    before = len(mailbox.mails)
    clock.to("2026-03-26", "08:00")
    county.night()
    assert {mail["To"] for mail in mailbox.mails[before:]} == {"t@anfu.example"}


def test_without_the_file_nothing_leaves_and_nothing_is_kept_for_later(case_at, county, clock, mailbox):
    late(case_at, clock)
    county.night()
    assert sent(county) == []
    office_says(county, mailbox.config + rule())
    county.night()
    assert not mailbox.mails, "old lines are not sent when the office opens a channel"


def test_a_wrong_file_holds_the_channels_and_the_inbox_fills(case_at, county, clock, mailbox):
    office_says(county, mailbox.config + rule(channel="nowhere"))
    case = late(case_at, clock)
    county.night()
    assert inbox(county, "deadline") and not sent(county, case)
    office_says(county, mailbox.config + rule())
    county.night()
    assert len(mailbox.mails) == 3


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[channels.x]\nkind = "pigeon"', "channels.x.kind"),
        ('[channels.x]\nkind = "smtp"\nhost = "h"\nsender = "nobody"', "channels.x.sender"),
        (
            '[channels.x]\nkind = "smtp"\nhost = "h"\nsender = "a@b"\nsecurity = "maybe"',
            "channels.x.security",
        ),
        ('[channels.x]\nkind = "smtp"\nhost = "h"\nsender = "a@b"\nuser = "u"', "channels.x.secret"),
        ('[channels.x]\nkind = "wecom"', "channels.x.secret"),
        ('[channels.x]\nkind = "webhook"\nurl = "ftp://x"', "channels.x.url"),
        ('[channels.X]\nkind = "webhook"\nurl = "https://x"', "channels.X"),
        ('[quiet]\nfrom = "25:00"', "quiet.from"),
        ('[digest]\nat = "early"', "digest.at"),
        ("channels = [", "-"),
    ],
)
def test_what_is_wrong_in_the_file_is_named_with_its_place(text, place):
    with pytest.raises(RulebookError) as refused:
        parse_channels(text.encode())
    assert place in {fault.element for fault in refused.value.faults}


def test_every_wrong_word_of_a_rule_is_named():
    robot_config = '[channels.x]\nkind = "wecom"\nsecret = "s"\n'
    wrong = rule("r", "x", to='["no address"]', desks='["sup"]', when="later",
                 more='levels = ["purple"]\nkinds = ["gossip"]\n')  # fmt: skip
    with pytest.raises(RulebookError) as refused:
        parse_channels((robot_config + wrong + rule("r", "x", to="[]", desks="[]")).encode())
    places = [fault.element.rpartition(".")[2] for fault in refused.value.faults]
    assert sorted(places) == ["desks", "desks", "kinds", "levels", "rules", "to", "to", "when"]


def test_secrets_come_from_the_environment_or_the_folder_of_keys(tmp_path: Path, monkeypatch):
    with pytest.raises(SecretMissing):
        secret(tmp_path, "mail")
    folder = tmp_path / "keys" / "secrets"
    folder.mkdir(parents=True)
    (folder / "mail").write_text("\n")
    with pytest.raises(SecretMissing):
        secret(tmp_path, "mail")
    (folder / "mail").write_text("from the file\n")
    assert secret(tmp_path, "mail") == "from the file"
    monkeypatch.setenv("MINGJIAN_SECRET_MAIL", "from outside")
    assert secret(tmp_path, "mail") == "from outside"
    for name in ("../vault.key", "MAIL", ""):
        with pytest.raises(SecretMissing):
            secret(tmp_path, name)


def test_pauses_grow_to_an_hour():
    assert [pause_after(n) // timedelta(minutes=1) for n in (1, 2, 3, 6, 7, 400)] == [1, 2, 4, 32, 60, 60]


def test_no_file_is_no_channel(tmp_path: Path):
    assert not read_channels(tmp_path).channels


def test_two_workers_send_each_message_once(case_at, county, clock, mailbox):
    office_says(county, mailbox.config + rule())
    for _ in range(3):
        case_at("check_papers")
    clock.to("2026-03-18", "08:00")
    with another_process(county) as second:
        workers = [
            threading.Thread(target=run_until_quiet, args=(house, clock.at))
            for house in (county.house, second)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    keys = [mail["Message-ID"] for mail in mailbox.mails]
    assert len(keys) == len(set(keys)) == len(sent(county)) == 3 * 5


# --- the command line


def runs(home, *words):
    found = CliRunner().invoke(mingjian, ["--home", str(home), "channels", *words])
    return found.exit_code, found.output


def test_the_example_is_a_file_that_can_be_read(tmp_path: Path):
    code, text = runs(tmp_path, "example")
    assert code == 0
    found = parse_channels(text.encode())
    assert found.rules[0].desks == ("SUP@msb",) and found.channels["mail"].port == 465


def test_check_names_what_is_missing_and_test_sends_one_message(tmp_path: Path, mailbox):
    assert runs(tmp_path, "check") == (
        0,
        "没有 channels.toml，消息只在系统内。No channels.toml: messages stay inside.\n",
    )
    (tmp_path / "channels.toml").write_text(mailbox.config + rule(), encoding="utf-8")
    code, text = runs(tmp_path, "check")
    assert code == 1 and "no secret: mail" in text
    assert runs(tmp_path, "test", "mail", "--to", "a@anfu.example")[0] == 1
    (tmp_path / "keys" / "secrets").mkdir(parents=True)
    (tmp_path / "keys" / "secrets" / "mail").write_text("right")
    code, text = runs(tmp_path, "check")
    assert code == 0 and "SUP@township → sup@anfu.example (now)" in text
    assert runs(tmp_path, "test", "mail", "--to", "a@anfu.example")[0] == 0
    assert mailbox.mails[0]["To"] == "a@anfu.example"
    assert runs(tmp_path, "test", "mail")[0] == 2 and runs(tmp_path, "test", "other")[0] == 2
    (tmp_path / "channels.toml").write_text("[quiet]\nfrom = 9", encoding="utf-8")
    code, text = runs(tmp_path, "check")
    assert code == 1 and "quiet.from" in text
