"""django-fsm-2 with django-simple-history: a state field, its transitions, a copy of the row at each change.

It has no diagram, no task list of its own and no chain.
"""

# mypy: ignore-errors

import django_ground
from pace import Pace, options, payload, race

told = options()
django_ground.ready(told.database, ["simple_history", "bench_fsm"])

from bench_fsm.models import Case  # noqa: E402 — models need Django set up
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402

NOTE = "材料齐全，情况属实，按规定办理。"


def one(pace: Pace, number: int) -> None:
    data = payload(number)
    with pace, transaction.atomic():
        key = Case.objects.create(case_data=data).pk
    for step in ("village", "township", "county"):
        with pace, transaction.atomic():
            case = Case.objects.select_for_update().get(pk=key)
            getattr(case, step)(NOTE)
            case.save()


if told.prepare:
    call_command("migrate", run_syncdb=True, verbosity=0)
else:
    race(told.cases, told.warm, one, told.worker)
