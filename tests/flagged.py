"""What the red flags find in the small county: facts built from it, one rule asked."""

from datetime import date, timedelta

from small_county import SmallCounty

from workflow.facts import build
from workflow.facts.times import Days
from workflow.flags.checking import rules_of
from workflow.flags.running import Found, ask


def flagged(county: SmallCounty, rule: str, part: str = "") -> list[Found]:
    """What a rule (or one part of it) finds now."""
    build(county.house, county.clock.at)
    answer = ask(county.house, rules_of(), [rule], county.clock.at)[rule]
    assert answer.fault is None, answer.fault
    return [found for found in answer.found.values() if part in ("", found.part)]


def severities(county: SmallCounty, rule: str, part: str = "") -> list[str]:
    return sorted(found.severity for found in flagged(county, rule, part))


def working_day(county: SmallCounty, start: date, number: int) -> str:
    """The last day that lies so many working days after `start`."""
    days = Days(county.house.calendar(), start, start + timedelta(days=400))
    spans = [row["day"] for row in days.rows if days.wd(start.isoformat(), row["day"]) == number]
    return str(spans[-1])
