"""What the register's commands share: the house they work in, and refusals in words on the terminal."""

import json
import sys
from collections.abc import Iterable
from datetime import date
from typing import Any, Final, Protocol

import click

from bpmn.text import Text
from workflow.deadlines import SHANGHAI
from workflow.errors import AnswersRefused, RowFault, RowsRefused, WorkflowError
from workflow.house import House

DAY: Final = click.DateTime(formats=["%Y-%m-%d"])
JSON: Final = click.option("--json", "as_json", is_flag=True, help="输出 JSON。Print JSON.")


class Settings(Protocol):
    """The object the program hands to its commands."""

    def house(self) -> House: ...


def today_of(house: House) -> date:
    return house.now().astimezone(SHANGHAI).date()


def both(text: Text) -> str:
    return f"{text.zh} {text.en}"


class Told:
    """Shows a refusal with all its faults and ends with status 1."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, RowsRefused):
            show(error.faults, self.as_json, error.message)
        elif isinstance(error, AnswersRefused):
            show([RowFault(0, f.field, f.message) for f in error.faults], self.as_json, error.message)
        elif isinstance(error, WorkflowError):
            show([RowFault(0, "", error.message)], self.as_json, error.message)
        else:
            return
        sys.exit(1)


def show(faults: Iterable[RowFault], as_json: bool, summary: Text) -> None:
    if as_json:
        rows = [{"row": f.row, "column": f.column, "zh": f.message.zh, "en": f.message.en} for f in faults]
        click.echo(json.dumps({"imported": False, "faults": rows}, ensure_ascii=False))
        return
    for fault in faults:
        place = " · ".join(
            part for part in (f"第{fault.row}行 row {fault.row}" if fault.row else "", fault.column) if part
        )
        click.echo(f"✘ {place}{'：' if place else ''}{both(fault.message)}", err=True)
    click.echo(both(summary), err=True)
