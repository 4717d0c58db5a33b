"""However many rules are asked at the same time, the answers are the same, and each rule has its own."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from facts_by_hand import NOW, Facts

from workflow.facts import FactsMissing
from workflow.flags.checking import rules_of
from workflow.flags.running import Asked, ask
from workflow.house import House


def answers(home: Path, workers: int) -> list[tuple[str, list[object], str | None]]:
    rules, told = rules_of(), list[tuple[int, int]]()

    def progress(rule: str, done: int, of: int) -> None:
        told.append((done, of))

    house = cast(House, SimpleNamespace(home=home))
    asked: dict[str, Asked] = ask(house, rules, tuple(rules.rules), NOW, progress, workers=workers)
    assert told == [(n, len(rules.rules)) for n in (*range(1, len(told)), len(rules.rules))]
    return [(rule, list(one.found.items()), one.fault) for rule, one in asked.items()]


def test_one_worker_two_and_more_than_there_are_cores_find_the_same_in_the_same_order(tmp_path: Path) -> None:
    facts = Facts(tmp_path)
    for number in range(40):
        case, late = f"{number:032x}", "2026-11-20 09:00:00"
        facts.add(
            "cases",
            case_id=case,
            state="COUNTY_DECISION",
            paused=0,
            township="360829105000",
            accepted_at="2026-10-12 09:00:00",
            last_staff_at="2026-10-12 09:00:00",
            last_staff_seq=3,
        )
        facts.add(
            "task",
            case_id=case,
            task_id=1,
            node="decide",
            name="审批",
            done_by=1 + number % 3,
            paused=0,
            opened_at="2026-10-12 09:00:00",
            due_at="2026-11-09 09:00:00",
            done_at=late,
            done_seq=4,
            kind="user",
            not_by=" check ",
        )
        facts.add(
            "task",
            case_id=case,
            task_id=2,
            node="check",
            name="审核",
            done_by=1 + number % 3,
            paused=0,
            opened_at="2026-10-12 09:00:00",
            due_at="2026-11-09 09:00:00",
            done_at=late,
            done_seq=3,
            kind="user",
        )
        facts.add(
            "task",
            case_id=case,
            task_id=9,
            node="decide",
            kind="user",
            paused=0,
            limit_amount=10,
            limit_unit="wd",
            opened_at="2026-10-12 09:00:00",
        )
        facts.add("meeting", case_id=case, seq=4, signatures=number)
    facts.flags("RF-01")  # what was added stands in the file from here on
    alone = answers(tmp_path, 1)
    found = {rule: len(flags) for rule, flags, _ in alone}
    assert min(found[rule] for rule in ("RF-01", "RF-02", "RF-22", "RF-24")) >= 10
    assert [fault for _, _, fault in alone if fault] == []
    assert answers(tmp_path, 2) == alone and answers(tmp_path, 5) == alone


@pytest.mark.parametrize("workers", [1, 2])
def test_without_facts_it_is_said_that_there_are_none(tmp_path: Path, workers: int) -> None:
    with pytest.raises(FactsMissing):
        answers(tmp_path, workers)
