"""动态管理: categories of persons end or change by decision of civil affairs (domain 2.9, F09).

A stop never touches what was admitted before its day: the category stays valid up to the day before.
"""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, or_, update

from workflow.cases.work import Work
from workflow.engine import Effect, Step
from workflow.store.models import Category

OFFICE = "民政局"


def end_category(work: Work, effect: Effect, step: Step, clocks: Any) -> None:
    """The category of the person ends the day before the decision takes effect."""
    _end(work, str(step.variables["exit_category"]), _day(work.sealed["stop_from"]))


def category_moved(work: Work, effect: Effect, step: Step, clocks: Any) -> None:
    """After a yearly review: the old category ends, the new one begins on the day decided."""
    begins = _day(work.sealed["changed_from"])
    _end(work, str(step.variables["exit_category"]), begins)
    work.conn.execute(
        insert(Category),
        {
            "person_id": work.row.applicant_id,
            "code": str(step.variables["new_category"]),
            "source_department": OFFICE,
            "valid_from": begins,
            "evidence": work.row.number,
            "recorded_at": work.at,
        },
    )


def _end(work: Work, code: str, first_day_without: date) -> None:
    work.conn.execute(
        update(Category)
        .where(
            Category.person_id == work.row.applicant_id,
            Category.code == code,
            or_(Category.valid_to.is_(None), Category.valid_to >= first_day_without),
        )
        .values(valid_to=first_day_without - timedelta(days=1))
    )


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def said(work: Work, step: Step) -> dict[str, Any]:
    """What letters of an exit can say; empty for other cases."""
    code = step.variables.get("exit_category")
    if code is None:
        return {}
    return {
        "exit_category_name": _name(work, code),
        "new_category_name": _name(work, step.variables.get("new_category")),
        "changed_from": work.sealed.get("changed_from"),
        "exit_objection_days": work.terms.limits["D34"].amount,
        "stop_from": work.sealed.get("stop_from"),
        "reasons": work.sealed.get("reasons") or work.sealed.get("change_note"),
        "facts": work.sealed.get("facts"),
    }


def _name(work: Work, code: Any) -> str | None:
    name = work.terms.categories.get(str(code))
    return name.zh if name else code
