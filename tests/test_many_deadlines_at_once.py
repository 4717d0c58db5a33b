"""Deadlines pass in numbers while worker processes are killed with -9: every alert is there, each once."""

from random import Random

import pytest
from sqlalchemy.engine import make_url

from workflow.bench import expectations
from workflow.bench.alerts import FULL, Load, measure


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_three_hundred_alerts_are_each_raised_once_though_workers_are_killed(request, kind):
    """A hundred cases whose workers were down, so that three warnings of each are owed."""
    server = None
    if kind == "postgresql":
        url = make_url(request.getfixturevalue("postgres").fresh_database())
        server = url.set(drivername="postgresql").render_as_string(hide_password=False)
    found = measure(Load(100, 400, behind=True, life=(60, 90)), server, Random(5))
    assert found["alerts"] == 300 and found["wrong"] == 0
    assert found["killed"] >= 1


def judged(**alerts):
    found = expectations.check({"alerts": {"sqlite": {"seconds": 59.0, "wrong": 0, **alerts}}})
    return {one.id: one.met for one in found if one.id.startswith("alerts")}


def test_a_race_counts_only_at_its_full_size_and_a_wrong_alert_always():
    whole = {"deadlines": FULL.deadlines, "tasks": FULL.tasks}
    assert judged(**whole) == {
        "alerts_sqlite": True, "alerts_wrong_sqlite": True,
        "alerts_postgresql": None, "alerts_wrong_postgresql": None,
    }  # fmt: skip
    assert judged(**whole, seconds=60.5)["alerts_sqlite"] is False
    small = judged(deadlines=100, tasks=400, wrong=1)
    assert small["alerts_sqlite"] is None and small["alerts_wrong_sqlite"] is False
