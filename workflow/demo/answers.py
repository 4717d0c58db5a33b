"""Fill in any form of the rule book as its user would: what the plan says, else something plausible."""

from collections.abc import Mapping
from datetime import date
from random import Random
from typing import Any

from bpmn import Field, Form
from workflow import forms
from workflow.demo.people import invent_name
from workflow.demo.wording import sentence
from workflow.register.identity import invent_id_number


def fill(
    form: Form, variables: Mapping[str, Any], plan: Mapping[str, str | list[str]], random: Random, today: date
) -> dict[str, str | list[str]]:
    """Raw values as typed. Fields become visible by earlier answers, so they are filled in order."""
    raw: dict[str, str | list[str]] = {}
    for _ in range(len(form.fields)):
        waiting = [field for field in forms.visible(form, raw, variables) if field.id not in raw]
        if not waiting:
            break
        field = waiting[0]
        raw[field.id] = plan[field.id] if field.id in plan else _plausible(field, random, today)
    return raw


def _plausible(field: Field, random: Random, today: date) -> str | list[str]:
    match field.type:
        case "choice":
            return field.choices[0].id
        case "choices":
            return [field.choices[0].id]
        case "yesno":
            return "yes"
        case "date":
            return today.isoformat()
        case "integer":
            return str(field.min if isinstance(field.min, int) else 1)
        case "money":
            return str(field.min or "0.00")
        case "name":
            return invent_name(random, "male")
        case "idnumber":
            return invent_id_number(random)
        case "phone":
            return f"138{random.randint(0, 99_999_999):08d}"
        case "account":
            return account(random)
        case "longtext":
            return sentence(random)
        case _:
            return "村委会会议室" if (field.max or 99) >= 8 else "无"  # type: ignore[operator]


def account(random: Random) -> str:
    """A card number of 19 digits with a right check digit, of no bank."""
    digits = [6, 2, 1, 0] + [random.randint(0, 9) for _ in range(14)]
    total = sum(
        d if place % 2 else (d * 2 - 9 if d > 4 else d * 2) for place, d in enumerate(reversed(digits))
    )
    return "".join(map(str, digits)) + str(-total % 10)
