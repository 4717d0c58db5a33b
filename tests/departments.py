"""A second department beside medical security, and people of several who decide their parts (domain 2.6)."""

from policy_writing import PROCEDURE, policy_set
from small_county import as_typed

from workflow.commands import CompleteTask
from workflow.store.models import Task

FEDERATION = policy_set(
    "federation",
    """area = "360829"
valid_from = 2026-01-01
categories = ["DB"]

[department]
id = "disabled"
title = { zh = "残疾人联合会", en = "disabled persons' federation" }

[kinds]
inpatient = { zh = "住院", en = "inpatient" }""",
    """[pools.year]
title = { zh = "限额", en = "limit" }
kinds = ["inpatient"]
limit = 9000""",
    [{"id": "f", "deductible": "4000", "ratio": "1.00", "pool": '"year"', "base": '"T-O-B-S-M-R"'}],
    PROCEDURE.replace("ma_ordinary_county", "ma_auto_parallel"),
)


def departments_decide(case, **decisions):
    """Each decides its own part, the last of the plan first: answers come in any order."""
    county = case.county
    for task in reversed(county.rows(Task, Task.case_id == case.id, Task.node == "decide_part")):
        decision = decisions[task.org.partition("-")[2]]
        answers = {"part_decision": decision}
        if decision == "refuse":
            answers |= {"part_reason": "R06", "part_note": "不属于本部门的救助对象范围。"}
        (who,) = (
            each
            for each in county.staff.values()
            if (each.actor.role, each.actor.org) == (task.role, task.org)
        )
        who.does(CompleteTask(case.id, task.id, as_typed(answers), ()))


def the_person_lets_it_be(case):
    county = case.county
    county.staff["twin1"].completes("tell_person", case, right_told=True)
    county.clock.forward(days=9)
    county.night()
    assert case.row.outcome == "approved"
