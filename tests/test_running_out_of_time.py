"""Running out of time: warnings once and in order, timers once, whatever the worker has slept through."""

import threading
from datetime import timedelta
from random import Random

import pytest
from house_templates import another_process

from workflow import jobs
from workflow.actor import SYSTEM
from workflow.commands import FireTimers
from workflow.errors import StepImpossible
from workflow.handle import handle
from workflow.jobs import Round, Worker, run_once, run_until_quiet

LEVELS = ["warn", "warn2", "overdue", "second", "third"]


def raised(case, limit: str) -> list[str]:
    return [
        entry["vars"]["level"]
        for entry in case.entries
        if entry["type"] == "alarm_raised" and entry["vars"]["limit"] == limit
    ]


def test_a_worker_that_was_down_raises_every_warning_once_and_in_order(case_at, county, clock):
    case = case_at("audit_file")
    clock.forward(days=30)
    assert county.night() == Round(0, 5)
    assert raised(case, "D05") == LEVELS
    assert county.night() == Round(0, 0)
    assert case.clock("D05").next_alarm_at is None


def test_warnings_come_on_their_days(case_at, county, clock):
    case = case_at("audit_file")
    clock.to("2026-03-10")  # Tuesday: the village's posting ended the day before
    seen = {}
    for _ in range(25):
        clock.forward(days=1)
        if county.night().anything:
            seen[clock.at.strftime("%m-%d")] = raised(case, "D05")[-1]
    assert list(seen.values()) == LEVELS
    assert list(seen) == ["03-13", "03-16", "03-18", "03-20", "03-25"]


def test_a_warning_lies_in_the_inbox_of_the_supervisors_and_names_nobody(case_at, county, clock):
    case = case_at("audit_file")
    clock.forward(days=5)
    county.night()
    township, county_office = ("360829100000", "SUP"), ("360829-msb", "SUP")
    holder = ("360829100000", "TREV")
    assert {(line.org, line.role) for line in case.inbox} == {township, holder}
    clock.forward(days=30)
    county.night()
    second = [line for line in case.inbox if line.params["level"] == "second"]
    assert {(line.org, line.role) for line in second} == {township, county_office, holder}
    assert case.inbox[0].params.keys() == {"limit", "level", "due"}
    assert case.inbox[0].kind == "deadline"


def test_the_state_of_the_case_is_not_touched_by_a_warning(case_at, county, clock):
    case = case_at("audit_file")
    engine, opened = case.row.engine, set(case.open)
    clock.forward(days=30)
    county.night()
    assert case.row.engine == engine
    assert set(case.open) == opened
    assert case.row.seq == len(case.entries) - 1


def test_a_finished_step_is_not_warned_about(case_at, county, clock, reviewer):
    case = case_at("sign_opinion")
    clock.forward(days=3)
    county.staff["tlead1"].signs_opinion(case)
    clock.forward(days=30)
    county.night()
    assert raised(case, "D05") == []


def test_a_clock_that_stands_still_warns_nobody(case_at, county, clock):
    case = case_at("receive_settlement", serious_illness_settled=False)
    clock.forward(days=50)
    county.night()
    assert raised(case, "D09") == []
    assert "warn2" in raised(case, "M36")
    clerk = county.staff["twin1"]
    clerk.receives_settlement(case, serious_illness_amount="100.00")
    assert county.night() == Round(0, 0)  # the county's days run on from here
    clock.forward(days=30)
    county.night()
    assert raised(case, "D09") == LEVELS


def test_two_workers_at_once_raise_each_warning_once(case_at, county, clock):
    cases = [case_at("enquire"), case_at("enquire")]
    clock.forward(days=40)
    with another_process(county) as second:
        done = []
        workers = [
            threading.Thread(target=lambda house=house: done.append(run_until_quiet(house, clock.at)))
            for house in (county.house, second)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert sum(one.alarms for one in done) == 2 * len(LEVELS)
    for case in cases:
        assert raised(case, "D03") == LEVELS


def test_two_workers_at_once_fire_a_timer_once(case_at, county, clock):
    cases = [case_at("public_notice") for _ in range(3)]
    clock.forward(days=8)
    with another_process(county) as second:
        done = []
        workers = [
            threading.Thread(target=lambda house=house: done.append(run_until_quiet(house, clock.at)))
            for house in (county.house, second)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert sum(one.timers for one in done) == 3
    for case in cases:
        assert [entry["type"] for entry in case.entries].count("timer_fired") == 1
        assert set(case.open) == {"confirm_posting_village"}


def test_a_timer_does_not_fire_before_its_time_nor_twice(case_at, county, clock):
    case = case_at("public_notice")
    with pytest.raises(StepImpossible):
        handle(county.house, SYSTEM, FireTimers(case.id), at=clock.at, request_id="early")
    clock.at = case.open["public_notice"].due_at
    assert county.night().timers == 1
    with pytest.raises(StepImpossible):
        handle(county.house, SYSTEM, FireTimers(case.id), at=clock.at, request_id="late")


def test_one_case_that_fails_does_not_hold_up_the_others(case_at, county, clock, monkeypatch):
    broken, sound = case_at("public_notice"), case_at("public_notice")
    clock.forward(days=8)
    real = jobs.handle

    def fails_for_one(house, actor, command, **rest):
        if command.case_id == broken.id:
            raise RuntimeError("the diagram of this case cannot be read")
        return real(house, actor, command, **rest)

    monkeypatch.setattr(jobs, "handle", fails_for_one)
    county.night()
    assert set(sound.open) == {"confirm_posting_village"}
    assert set(broken.open) == {"public_notice"}


def test_many_cases_are_done_in_portions(case_at, county, clock):
    for _ in range(3):
        case_at("public_notice")
    clock.forward(days=8)
    assert run_once(county.house, clock.at, batch=2).timers == 2
    assert run_once(county.house, clock.at, batch=2).timers == 1
    assert run_once(county.house, clock.at, batch=2).timers == 0


def test_cases_that_fail_at_every_round_do_not_keep_the_others_waiting(case_at, county, clock, monkeypatch):
    """As many as a round takes, and older than the one that waits behind them."""
    broken = case_at("check_papers")
    clock.forward(minutes=5)
    sound = case_at("check_papers")
    real = jobs.handle

    def fails_for_one(house, actor, command, **rest):
        if command.case_id == broken.id:
            raise RuntimeError("this case cannot be read")
        return real(house, actor, command, **rest)

    monkeypatch.setattr(jobs, "handle", fails_for_one)
    clock.forward(days=30)
    chance = Random(1)
    for _ in range(40):
        run_once(county.house, clock.at, batch=1, random=chance)
    assert raised(sound, "D01") == LEVELS and not raised(broken, "D01")


def test_a_clock_set_back_and_forward_neither_loses_nor_doubles(case_at, county, clock):
    case = case_at("audit_file")
    start = clock.at
    for days in (9, 1, 40, 3, 41):
        clock.at = start + timedelta(days=days)
        county.night()
    assert raised(case, "D05") == LEVELS


def test_the_worker_thread_works_until_it_is_stopped(case_at, county, clock):
    case = case_at("audit_file")
    clock.forward(days=30)
    worker = Worker(county.house, idle=0.02)
    worker.start()
    for _ in range(200):
        if len(raised(case, "D05")) == len(LEVELS):
            break
        threading.Event().wait(0.02)
    worker.stop()
    assert raised(case, "D05") == LEVELS
