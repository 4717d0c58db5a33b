"""viewflow: a process in Python, its process and task rows kept by Django."""

# mypy: ignore-errors

import django_ground
from pace import Pace, options, payload, race

told = options()
django_ground.ready(told.database, ["viewflow", "viewflow.workflow", "bench_viewflow"])

from bench_viewflow.flows import BenchFlow  # noqa: E402 — flows need Django set up
from django.db import transaction  # noqa: E402
from viewflow.workflow.models import Task  # noqa: E402

NOTE = "材料齐全，情况属实，按规定办理。"


def one(pace: Pace, number: int) -> None:
    data = payload(number)
    with pace, transaction.atomic():
        process = BenchFlow.start.run(case_data=data)
    for step in ("village", "township", "county"):
        node = getattr(BenchFlow, step)
        with pace, transaction.atomic():
            task = Task.objects.get(process_id=process.pk, flow_task=node, status="NEW")
            node.run(task, text=NOTE)


if told.prepare:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
else:
    race(told.cases, told.warm, one, told.worker)
