"""Facts written by hand: a few rows in the tables that red flags read, to try one rule alone."""

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pysqlite3.dbapi2 as sqlite

from workflow.deadlines import Calendar
from workflow.facts import facts_file, tables
from workflow.facts.times import Days
from workflow.flags.checking import rules_of
from workflow.flags.running import Found, ask
from workflow.house import House

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""09:00 on a Monday in Shanghai."""
CASE = "c" * 32
OTHER = "d" * 32


class Facts:
    """`facts.add("cases", case_id=…)`, then `facts.flags("RF-01")`. What is not given is NULL."""

    def __init__(self, home: Path) -> None:
        self.home = home
        facts_file(home).parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite.connect(str(facts_file(home)))
        for each in tables().values():
            self._file.execute(each.create)
        for row in Days(Calendar.packaged(), date(2025, 1, 1), date(2027, 12, 31)).rows:
            self.add("workday", **row)

    def add(self, table: str, **values: Any) -> "Facts":
        row = dict.fromkeys(tables()[table].columns) | values
        assert set(row) == set(tables()[table].columns), set(values) - set(tables()[table].columns)
        self._file.execute(tables()[table].insert, row)
        return self

    def flags(self, rule: str, part: str = "", now: datetime = NOW) -> list[Found]:
        """What a rule (or one part of it) finds here."""
        self._file.commit()
        house = cast(House, SimpleNamespace(home=self.home))
        answer = ask(house, rules_of(), [rule], now)[rule]
        assert answer.fault is None, answer.fault
        return [found for found in answer.found.values() if part in ("", found.part)]
