"""Agreeing on both databases: the same random day's work leaves the same cases on SQLite and PostgreSQL."""

from random import Random

import pytest
from house_templates import opened, require_sound_log
from small_county import SetClock, SmallCounty
from sqlalchemy import select

from workflow.errors import WorkflowError
from workflow.store.models import Alarm, Case, Clock, Letter, Payment, Posting, Task, Timer, table

CHOICES = {
    "check_papers": [
        {"acceptance": "accept"},
        {"acceptance": "accept"},
        {
            "acceptance": "incomplete",
            "missing": ["invoice"],
            "missing_note": "发票原件",
            "help_offered": "none",
        },
    ],
    "record_review": [{}, {}, {"votes_yes": 5, "votes_no": 10}, {"signatures": 9}],
    "tell_review_result": [{"after_review": "go_on"}],
    "audit_file": [{"in_doubt": False}, {"in_doubt": True, "doubts": "收入与村里调查的不一致，需要核实。"}],
    "recheck_objection": [{"objection_result": "unfounded"}, {"objection_result": "founded"}],
    "recheck_file": [{"recheck": "pass"}, {"recheck": "questions", "questions": "请说明收入为什么不一致。"}],
    "decide": [
        {"decision": "approve"},
        {"decision": "approve"},
        {"decision": "refuse", "refusal_reason": "R06"},
    ],
    "confirm_credit": [{"bank": "credited"}, {"bank": "returned", "return_reason": "number"}],
}
LOGINS = ("vlia1", "twin1", "trev1", "capr", "insp")


def a_day_s_work(county: SmallCounty, seed: int, actions: int) -> list[str]:
    """Random work by random people, right and wrong; what came of each action."""
    random, cases, told = Random(seed), [], []
    for number in range(actions):
        county.clock.forward(hours=random.randint(1, 40))
        kind = random.random()
        case = random.choice(cases) if cases else None
        try:
            if case is None or (kind < 0.1 and len(cases) < 4):
                unsettled = random.random() < 0.3
                cases.append(
                    county.staff["vlia1"].files(*county.household(serious_illness_settled=not unsettled))
                )
                told.append("opened")
            elif kind < 0.2:
                told.append(f"night {county.night()}")
            elif kind < 0.27 and case.postings:
                told.append(f"objected {county.objects(case).seq}")
            elif kind < 0.3:
                told.append(f"withdrawn {county.staff['vlia1'].withdraws(case).seq}")
            else:
                told.append(work_on(county, case, random, number))
        except WorkflowError as refused:
            told.append(f"{type(refused).__name__} {getattr(refused, 'rule', '')}")
    return told


def work_on(county, case, random, number):
    tasks = [task for task in case.open.values() if task.kind == "user"]
    if not tasks:
        return "nothing open"
    task = random.choice(tasks)
    answers = random.choice(CHOICES.get(task.node, [{}]))
    if random.random() < 0.15:
        someone = county.staff[random.choice(LOGINS)]
    else:
        right = [
            one for one in county.staff.values() if (one.actor.role, one.actor.org) == (task.role, task.org)
        ]
        someone = random.choice(right)
    outcome = someone.completes(task.node, case, request=f"r{number}", **answers)
    return f"{task.node} {outcome.seq}"


def picture(county: SmallCounty) -> dict[str, list]:
    """What the database holds, without what is random or its own: ids of cases, texts that are sealed."""
    house = county.house
    with house.reader.connect() as conn:
        numbers = dict(conn.execute(select(Case.id, Case.number)).all())
        rows = {}
        for model in (Case, Task, Clock, Timer, Alarm, Posting, Letter, Payment):
            named = [column for column in table(model).columns if column.name not in HIDDEN]
            found = conn.execute(select(table(model).c[model_case(model)], *named)).all()
            rows[model.__tablename__] = sorted(repr((numbers[row[0]], *row[1:])) for row in found)
    return rows


HIDDEN = {"id", "case_id", "clock_id", "fields", "account_number", "applicant_id"}


def model_case(model) -> str:
    return "id" if model is Case else "case_id"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_same_work_leaves_the_same_cases(template, tmp_path, seed):
    pictures, told = [], []
    for kind in ("sqlite", "postgresql"):
        clock = SetClock()
        url = template.copy(kind, tmp_path / kind)
        county = SmallCounty(opened(template, url, tmp_path / kind, clock), clock)
        told.append(a_day_s_work(county, seed, 70))
        pictures.append(picture(county))
        require_sound_log(county)
        county.house.close()
    assert told[0] == told[1]
    assert any("task" not in line and "NotAllowed" in line for line in told[0])
    for name, rows in pictures[0].items():
        assert rows == pictures[1][name], name
