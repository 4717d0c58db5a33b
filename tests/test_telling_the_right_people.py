"""Who is told of a late step, level by level: the holder, those above, the county, the inspectors."""

from datetime import date, timedelta

import pytest
from house_templates import another_process
from small_county import COUNTY, TOWNSHIP, VILLAGE
from sqlalchemy import update

import bpmn
from bpmn import RulebookError
from workflow.alerts.recipients import FILE, alert_rules, read_alert_rules
from workflow.alerts.watching import HELD_FOR, ClockWatch, last_beat
from workflow.jobs import Worker
from workflow.leave_commands import TakeLeave
from workflow.register.accounts import set_active
from workflow.store import transaction
from workflow.store.models import InboxMessage, Seat
from workflow.supervisor_commands import Reassign

HOLDER, TOWN = (TOWNSHIP, "TREV", None), (TOWNSHIP, "SUP", None)
BUREAU, LEADER = ("360829-msb", "SUP", None), (COUNTY, "SUP", None)
INSPECTORS = ("360829-inspection", "INSP", None)


def told(case, level):
    lines = [line for line in case.inbox if line.params.get("level") == level]
    return [(line.org, line.role, line.seat_id) for line in lines]


def vacate(county, org, role):
    with transaction(county.house.engine) as conn:
        where = (Seat.org == org, Seat.role == role)
        conn.execute(update(Seat).where(*where).values(valid_to=date(2026, 3, 1)))


def test_each_level_reaches_further(case_at, county, clock):
    case = case_at("audit_file")
    clock.forward(days=30)
    county.night()
    for level in ("warn", "warn2", "overdue"):
        assert told(case, level) == [HOLDER, TOWN]
    assert told(case, "second") == [HOLDER, TOWN, BUREAU]
    assert told(case, "third") == [HOLDER, TOWN, BUREAU, LEADER, INSPECTORS]
    third = next(
        e for e in reversed(case.entries) if e["type"] == "alarm_raised" and e["vars"]["level"] == "third"
    )
    assert third["vars"]["told"] == [
        "TREV@360829100", "SUP@360829100", "SUP@360829-msb", "SUP@360829000", "INSP@360829-inspection",
    ]  # fmt: skip


def test_the_entry_of_what_is_overdue_holds_the_sentence_of_the_page(case_at, county, clock):
    case = case_at("audit_file")
    clock.forward(days=30)
    county.night()
    overdue = next(e for e in case.entries if e["type"] == "alarm_raised" and e["vars"]["level"] == "overdue")
    assert overdue["vars"]["why"].startswith(
        "时限：乡镇调查和审核，5个工作日（D05，依据：domain 7.2 D05）。起算："
    )


def test_a_step_handed_to_one_seat_warns_that_seat(case_at, county, clock, supervisor):
    case = case_at("audit_file")
    colleague = county.colleague("trev1").actor
    supervisor.does(
        Reassign(case.id, case.task("audit_file").id, colleague.seat_id, {"reassign_reason": "load"})
    )
    clock.forward(days=6)
    county.night()
    assert told(case, "warn") == [(TOWNSHIP, "TREV", colleague.seat_id), TOWN]


def test_where_nobody_sits_above_the_next_one_stands_in(case_at, county, clock):
    vacate(county, TOWNSHIP, "SUP")
    case = case_at("audit_file")
    clock.forward(days=6)
    county.night()
    assert told(case, "warn") == [HOLDER, TOWN, BUREAU], (
        "the seat that is empty gets its line for whoever comes"
    )
    vacate(county, "360829-msb", "SUP")
    vacate(county, COUNTY, "SUP")
    other = case_at("check_papers")
    clock.forward(days=5)
    county.night()
    assert told(other, "warn")[-1] == ("360829-msb", "ADM", None)


def test_a_substitute_whose_account_is_closed_does_not_sit_there_for_the_absent(case_at, county, clock):
    """The supervisor is on leave: a warning that only the closed account would find goes on to the next."""
    absent, leader = county.staff["sup1"].actor, county.staff["tlead1"].actor
    days = {"first": county.today, "last": county.today + timedelta(days=30)}
    county.staff["sup1"].does(TakeLeave(absent.seat_id, leader.seat_id, reason="leave", **days))
    case = case_at("audit_file")
    with transaction(county.house.engine) as conn:
        set_active(conn, leader.account_id, False)
    clock.forward(days=6)
    county.night()
    assert told(case, "warn") == [HOLDER, TOWN, BUREAU]
    with transaction(county.house.engine) as conn:
        set_active(conn, leader.account_id, True)
    clock.forward(days=3)
    county.night()
    assert told(case, "overdue") == [HOLDER, TOWN]


def test_two_people_above_at_once_and_no_holder_of_a_wait(case_at, county, clock):
    payment = case_at("recheck_payment")
    clock.forward(days=40)
    county.night()
    lines = [
        line for line in payment.inbox if line.params == {**line.params, "limit": "D11", "level": "overdue"}
    ]
    assert [(line.org, line.role) for line in lines] == [
        ("360829-finance", "FIN1"), ("360829-finance", "SUP"), ("360829-msb", "SUP"),
    ]  # fmt: skip
    assert all(line.org != VILLAGE for line in lines)


def test_the_rules_that_come_with_the_program_are_sound():
    rules = alert_rules(bpmn.load())
    assert rules.at_once == {"D08", "D15", "D18", "D19"}


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('warn = ["holder", "escalate"]', "warn = []", "levels.warn"),
        ('"SUP@county"', '"SUP@moon"', "levels.third"),
        ('"D08"', '"D99"', "rules.at_once"),
        ('"ADM@msb"', '"NOBODY"', "rules.vacant"),
        ("[rules]", "[other]", "rules"),
    ],
)
def test_a_wrong_word_in_the_rules_is_named(old, new, place):
    book = bpmn.load()
    text = book.files[FILE].decode()
    assert old in text
    with pytest.raises(RulebookError) as refused:
        read_alert_rules(text.replace(old, new, 1).encode(), book)
    assert place in {fault.element for fault in refused.value.faults}
    with pytest.raises(RulebookError):
        read_alert_rules(b"levels = [", book)


def test_a_rule_book_from_before_there_were_such_rules_uses_those_of_the_program():
    files = {path: content for path, content in bpmn.load().files.items() if path != FILE}
    assert alert_rules(bpmn.from_files(files)).levels["third"][-1] == "INSP"


# --- is anybody watching?


class Clocks:
    """A wall clock that can be set, and one that cannot."""

    def __init__(self, at) -> None:
        self.wall, self.steady = at, 1000.0

    def pass_by(self, span, jump=timedelta(0)) -> None:
        self.steady += span.total_seconds()
        self.wall += span + jump


@pytest.fixture
def watched(county, clock):
    clocks = Clocks(clock.at)
    watch = ClockWatch(lambda: clocks.wall, lambda: clocks.steady)
    assert watch.look() is None
    return clocks, watch


def test_a_clock_that_runs_is_no_news(watched):
    clocks, watch = watched
    for _ in range(3):
        clocks.pass_by(timedelta(hours=5))
        assert watch.look() is None and not watch.held


def test_a_clock_set_back_two_hours_is_noticed_and_work_goes_on(watched):
    clocks, watch = watched
    clocks.pass_by(timedelta(seconds=5), timedelta(hours=-2))
    assert watch.look() == timedelta(hours=-2) and not watch.held


def test_a_clock_set_forward_forty_days_holds_the_work_until_it_is_put_right(watched):
    clocks, watch = watched
    clocks.pass_by(timedelta(seconds=5), timedelta(days=40))
    assert watch.look() == timedelta(days=40) and watch.held
    clocks.pass_by(timedelta(minutes=3), timedelta(days=-40))
    assert watch.look() == timedelta(days=-40) and not watch.held


def test_if_nobody_puts_it_right_the_work_goes_on_after_ten_minutes(watched):
    clocks, watch = watched
    clocks.pass_by(timedelta(seconds=5), timedelta(days=40))
    watch.look()
    clocks.pass_by(HELD_FOR)
    assert watch.look() is None and not watch.held


def test_a_jump_is_told_and_logged_and_nothing_is_raised_meanwhile(case_at, county, clock):
    case = case_at("audit_file")
    worker = Worker(county.house)
    clocks = Clocks(clock.at)
    worker.watch = ClockWatch(clock, lambda: clocks.steady)
    assert not worker.round()
    clock.forward(days=40)
    assert not worker.round(), "held"
    assert not [e for e in case.entries if e["type"] == "alarm_raised"]
    lines = county.rows(InboxMessage, InboxMessage.kind == "time_jump")
    assert [(line.role, line.params["seconds"]) for line in lines] == [("SUP", 3456000), ("ADM", 3456000)]
    clock.at -= timedelta(days=40)
    clocks.steady += 60
    assert not worker.round()
    assert not [e for e in case.entries if e["type"] == "alarm_raised"], "nothing doubled, nothing early"
    clock.forward(days=6)
    clocks.steady += timedelta(days=6).total_seconds()
    assert worker.round()
    assert [e["vars"]["level"] for e in case.entries if e["type"] == "alarm_raised"] == ["warn"]


def seen(county):
    with county.house.reader.connect() as conn:
        return last_beat(conn)


def test_a_worker_leaves_its_beat(county, clock):
    assert seen(county) is None
    with another_process(county) as house:
        Worker(house).round()
    first = seen(county)
    assert first == clock.at
    clock.forward(seconds=10)
    Worker(county.house).round()
    assert seen(county) == first, "twice a minute is enough"
    clock.forward(minutes=1)
    Worker(county.house).round()
    assert seen(county) == clock.at
