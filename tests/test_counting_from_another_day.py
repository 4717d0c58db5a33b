"""A limit that does not run from the step that opens it: from the discharge, from the day of a payment."""

from datetime import datetime

from bpmn import Text
from workflow.cases.clocks import Ticking, after_step, due_by
from workflow.deadlines import SHANGHAI, Calendar, Limit, Run
from workflow.engine import Open

CALENDAR = Calendar.packaged()
PAPERS = Limit("D20", 10, "wd", (), (), Text("补齐材料", "full papers"), "domain 7.2")
LIMITS = {"D20": PAPERS}


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI)


def place(**properties: str) -> Open:
    return Open(
        id=1, node="receive", process="p", name="接收材料", kind="user", lane=None, properties=properties
    )


NOW, DISCHARGED = local("03-09 09:00"), local("03-03 00:00")


def test_the_clock_starts_on_the_day_the_rule_names() -> None:
    (clock,) = after_step((), [place(limit="D20")], LIMITS, {}, NOW, {"D20": DISCHARGED})
    assert clock.run.started_at == DISCHARGED
    assert (
        due_by((), LIMITS, CALENDAR, NOW, "D20", {"D20": DISCHARGED}).date()
        < due_by((), LIMITS, CALENDAR, NOW, "D20").date()
    )


def test_a_running_clock_stops_and_counts_anew() -> None:
    running = Ticking(5, Run(PAPERS, DISCHARGED, ()))
    old, new = after_step([running], [place(limit="D20")], LIMITS, {}, NOW, {"D20": local("04-01 00:00")})
    assert (old.id, old.stopped_at) == (5, NOW)
    assert (new.id, new.run.started_at) == (None, local("04-01 00:00"))


def test_a_day_for_a_limit_that_does_not_run_starts_nothing() -> None:
    assert after_step((), [place(limit="")], LIMITS, {}, NOW, {"D20": DISCHARGED}) == []
