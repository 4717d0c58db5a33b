"""Where the packaged calendar came from: chinesecalendar's data, written once as our own table.

`python -m workflow.deadlines.filling FOLDER` writes `cn.csv` and `years.csv`; the product reads only
these. chinesecalendar is the source, not the counter: its `find_workday` differs from the legal rule
by one day when it starts on a rest day (domain 7.1 item 5, 10.1).
"""

import csv
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

from chinese_calendar.constants import Holiday, holidays, workdays

from workflow.deadlines import festivals

NAMES = {
    Holiday.new_years_day.value: festivals.NEW_YEAR,
    Holiday.spring_festival.value: festivals.SPRING,
    Holiday.tomb_sweeping_day.value: festivals.TOMB_SWEEPING,
    Holiday.labour_day.value: festivals.LABOUR,
    Holiday.dragon_boat_festival.value: festivals.DRAGON_BOAT,
    Holiday.mid_autumn_festival.value: festivals.MID_AUTUMN,
    Holiday.national_day.value: festivals.NATIONAL,
    Holiday.anti_fascist_70th_day.value: festivals.VICTORY,
}


def special_days() -> list[tuple[date, bool, str]]:
    """(day, working, name) for every holiday and make-up day that chinesecalendar knows, in order."""
    off = [(day, False, NAMES[name]) for day, name in holidays.items()]
    on = [(day, True, NAMES[name]) for day, name in workdays.items()]
    return sorted(off + on)


def write(folder: Path) -> None:
    """Write both files of the table to `folder`."""
    special = special_days()
    source = f"国务院节假日安排，取自 chinesecalendar {version('chinesecalendar')}"
    days = [[str(day), "yes" if working else "no", name] for day, working, name in special]
    years = [[str(year), source] for year in sorted({day.year for day, _, _ in special})]
    for name, header, rows in (
        ("cn.csv", ["day", "working", "name"], days),
        ("years.csv", ["year", "source"], years),
    ):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *rows])


if __name__ == "__main__":  # pragma: no cover - the command line around `write`
    write(Path(sys.argv[1]))
