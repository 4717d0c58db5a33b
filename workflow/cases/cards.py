"""慢性病救助卡: issued by decision, named by number, valid for one hospital and a time (domain 2.20)."""

from datetime import date
from typing import Any

from sqlalchemy import insert

from workflow.cases.numbers import next_number
from workflow.cases.sealed import sealed_of
from workflow.cases.work import Work
from workflow.engine import Effect, Step
from workflow.store.models import ChronicCard

EXAMINED = "examine_card"


def card_issued(work: Work, effect: Effect, step: Step, clocks: Any) -> None:
    """The card stands in the register from today; the name of the disease stays sealed."""
    number = next_number(work.conn, f"card-{work.today.year}", f"MK{work.today.year}{{:05d}}")
    work.conn.execute(
        insert(ChronicCard),
        {
            "number": number,
            "person_id": work.row.applicant_id,
            "case_id": work.row.id,
            "disease_list": str(step.variables["disease_list"]),
            "hospital": str(sealed_of(work, EXAMINED).get("card_hospital", "")),
            "valid_from": work.today,
            "valid_to": _day(work.sealed["card_until"]),
        },
    )
    work.notes["card"] = number


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def said(work: Work, step: Step) -> dict[str, Any]:
    """What letters about a card can say; empty for other cases."""
    if "card" not in work.notes:
        return {}
    return {
        "card_number": work.notes["card"],
        "card_until": work.sealed.get("card_until"),
        "card_hospital": sealed_of(work, EXAMINED).get("card_hospital"),
    }
