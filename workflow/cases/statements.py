"""The statements that keep a step, prepared once: see `workflow.store.prepared`."""

from sqlalchemy import bindparam, delete, insert, null, select, update

from workflow.cases.work import CASE
from workflow.store.models import Alarm, Clock, Task, Timer, table
from workflow.store.prepared import Prepared

TASK, CLOCK, TIMER, ALARM = table(Task), table(Clock), table(Timer), table(Alarm)

_FACTS = ("node", "process", "kind", "name", "role", "org", "form", "state", "opened_at", "assigned_seat")
_PLACE = tuple(TASK.c[name] for name in _FACTS)
STANDING = Prepared(
    # the open places, for which `due_at` is null, and the timers of a case, of which nothing else is known
    select(TASK.c.id, TASK.c.done_at.label("due_at"), *_PLACE)
    .where(TASK.c.case_id == bindparam("case_id"), TASK.c.done_at.is_(None))
    .union_all(
        select(TIMER.c.task_id, TIMER.c.due_at, *(null() for _ in _PLACE)).where(
            TIMER.c.case_id == bindparam("case_id")
        )
    )
)
CLOCKS = Prepared(
    select(
        CLOCK.c.id,
        CLOCK.c.limit_id,
        CLOCK.c.started_at,
        CLOCK.c.pauses,
        CLOCK.c.stopped_at,
        CLOCK.c.extended_by,
        CLOCK.c.extended_at,
        CLOCK.c.rules,
        ALARM.c.level,
    )
    .outerjoin(ALARM, ALARM.c.clock_id == CLOCK.c.id)
    .where(CLOCK.c.case_id == bindparam("case_id"), CLOCK.c.stopped_at.is_(None))
    .order_by(CLOCK.c.id)
)
CLOSE = Prepared(
    update(TASK)
    .where(TASK.c.case_id == bindparam("b_case"), TASK.c.id == bindparam("b_task"))
    .values(
        done_at=bindparam("done_at"),
        done_account=bindparam("done_account"),
        done_seat=bindparam("done_seat"),
        done_seq=bindparam("done_seq"),
    )
)
RETIME = Prepared(
    update(TASK)
    .where(
        TASK.c.case_id == bindparam("b_case"),
        TASK.c.clock_id == bindparam("b_clock"),
        TASK.c.done_at.is_(None),
    )
    .values(due_at=bindparam("due_at"), warn_at=bindparam("warn_at"), paused=bindparam("paused"))
)
_PLACE_COLUMNS = (
    "case_id",
    "id",
    "node",
    "process",
    "kind",
    "name",
    "role",
    "org",
    "village",
    "form",
    "state",
    "clock_id",
    "opened_at",
    "warn_at",
    "due_at",
    "paused",
)
PLACE = Prepared(insert(TASK), *_PLACE_COLUMNS)
SET_CLOCK = Prepared(
    update(CLOCK)
    .where(CLOCK.c.id == bindparam("b_id"))
    .values(
        due_at=bindparam("due_at"),
        provisional=bindparam("provisional"),
        extended_by=bindparam("extended_by"),
        extended_at=bindparam("extended_at"),
        next_alarm_at=bindparam("next_alarm_at"),
        next_alarm=bindparam("next_alarm"),
    )
)
_CLOCK_COLUMNS = (
    "case_id",
    "limit_id",
    "started_at",
    "pauses",
    "due_at",
    "provisional",
    "stopped_at",
    "next_alarm_at",
    "next_alarm",
)
NEW_CLOCK = Prepared(insert(CLOCK).returning(CLOCK.c.id), *_CLOCK_COLUMNS)
STOP_CLOCK = Prepared(
    update(CLOCK)
    .where(CLOCK.c.id == bindparam("b_id"))
    .values(stopped_at=bindparam("stopped_at"), next_alarm_at=None, next_alarm=None)
)
MOVE_CLOCK = Prepared(
    update(CLOCK)
    .where(CLOCK.c.id == bindparam("b_id"))
    .values(
        pauses=bindparam("pauses"),
        due_at=bindparam("due_at"),
        provisional=bindparam("provisional"),
        stopped_at=bindparam("stopped_at"),
        next_alarm_at=bindparam("next_alarm_at"),
        next_alarm=bindparam("next_alarm"),
    )
)
NEW_TIMER = Prepared(insert(TIMER), "case_id", "task_id", "due_at")
MOVE_TIMER = Prepared(
    update(TIMER)
    .where(TIMER.c.case_id == bindparam("b_case"), TIMER.c.task_id == bindparam("b_task"))
    .values(due_at=bindparam("due_at"))
)
DROP_TIMER = Prepared(
    delete(TIMER).where(TIMER.c.case_id == bindparam("b_case"), TIMER.c.task_id == bindparam("b_task"))
)
MOVE_CASE = Prepared(
    update(CASE)
    .where(CASE.c.id == bindparam("b_id"), CASE.c.seq == bindparam("b_seq"))
    .values(
        engine=bindparam("engine"),
        seq=bindparam("seq"),
        state=bindparam("state"),
        outcome=bindparam("outcome"),
        closed_at=bindparam("closed_at"),
        aid=bindparam("aid"),
        category=bindparam("category"),
    )
)
MOVE_ON = Prepared(
    # most steps find nothing new about the case: a column that is set is moved in its indexes even so
    update(CASE)
    .where(CASE.c.id == bindparam("b_id"), CASE.c.seq == bindparam("b_seq"))
    .values(engine=bindparam("engine"), seq=bindparam("seq"), state=bindparam("state"))
)
COUNT_ENTRY = Prepared(
    update(CASE)
    .where(CASE.c.id == bindparam("b_id"), CASE.c.seq == bindparam("b_seq"))
    .values(seq=bindparam("seq"))
)
