"""From the inbox to the outbox: lines that go out at once, and the digest of each working day.

Inboxes are written in the transaction of the step; from there each line is taken up exactly once, by
whichever worker comes first. What the office's file does not name stays in the inbox alone.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from workflow.alerts.channels import Channels, Rule
from workflow.alerts.recipients import LEVELS, alert_rules
from workflow.deadlines import SHANGHAI
from workflow.house import House
from workflow.register.seating import valid_on
from workflow.store import transaction
from workflow.store.models import Digest, InboxMessage, Outbox, Seat, table
from workflow.store.prepared import Prepared

LINE, OUT, DIGEST = table(InboxMessage), table(Outbox), table(Digest)
BATCH: Final = 500
StandingIn = Mapping[tuple[str, str], Sequence[tuple[str, str]]]
"""Office and post of somebody absent → those of whoever stands in."""
MESSAGE, DIGEST_KIND = "message", "digest"
FIRST: Final = timedelta(days=1)
"""How far back the very first digest of a rule looks."""
_OWN = aliased(Seat)
_ANY_NEW = Prepared(select(LINE.c.id).where(LINE.c.routed_at.is_(None)).limit(1))
_NEW = Prepared(
    select(LINE)
    .where(LINE.c.routed_at.is_(None))
    .order_by(LINE.c.id)
    .limit(BATCH)
    .with_for_update(skip_locked=True)
)
_STANDING_IN = Prepared(
    select(Seat.org, Seat.role, _OWN.org.label("home"), _OWN.role.label("post"))
    .join(_OWN, _OWN.account_id == Seat.account_id)
    .where(Seat.substitute_for.is_not(None), _OWN.substitute_for.is_(None))
    .where(*valid_on(bindparam("day")), *valid_on(bindparam("day"), _OWN))
    .order_by(_OWN.id)
)


def route(house: House, at: datetime, channels: Channels) -> int:
    """Give every new line to the rules that carry it at once. Returns how many lines were looked at."""
    with house.reader.connect() as conn:
        if _ANY_NEW.scalar(conn, {}) is None:
            return 0
    at_once = alert_rules(house.rules().rulebook).at_once
    with transaction(house.engine) as conn:
        desks = standing_in(conn, at.astimezone(SHANGHAI).date())
        rows = _NEW.all(conn, {})
        if not rows:
            return 0
        going = [
            row_out(
                rule.channel,
                to,
                {"inbox": row.id, "rule": rule.name},
                row.case_id,
                _when(channels, row, at_once, at),
            )
            for row in rows
            for rule in channels.rules
            if goes_now(rule, row, at_once, desks)
            for to in rule.to or ("",)
        ]
        if going:
            conn.execute(insert(OUT), going)
        conn.execute(update(LINE).where(LINE.c.id.in_([row.id for row in rows])).values(routed_at=at))
    return len(rows)


def goes_now(rule: Rule, row: Any, at_once: frozenset[str], desks: StandingIn) -> bool:
    """Whether this rule carries the line at once: it says so, or the limit is one of the urgent ones."""
    return _takes(rule, row, desks) and (rule.now or _urgent(row, at_once))


def _takes(rule: Rule, row: Any, desks: StandingIn) -> bool:
    """Whether a line is this rule's: by its own desk, or by one whose holder stands in there (that there is a
    leave has been told to both already).
    """
    level = str(row.params.get("level", ""))
    elsewhere = () if row.kind == "leave" else desks.get((row.org, row.role), ())
    return any(rule.takes(org, role, row.kind, level) for org, role in ((row.org, row.role), *elsewhere))


def standing_in(conn: Connection, day: date) -> StandingIn:
    """Where the substitutes of that day have their own desks: their mail goes there, not to an empty room."""
    desks: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for row in _STANDING_IN.all(conn, {"day": day}):
        desks[row.org, row.role].append((row.home, row.post))
    return desks


def _urgent(row: Any, at_once: frozenset[str]) -> bool:
    return row.kind == "deadline" and row.params.get("limit") in at_once


def _when(channels: Channels, row: Any, at_once: frozenset[str], at: datetime) -> datetime:
    return at if _urgent(row, at_once) else channels.not_before(at)


def row_out(
    channel: str, to: str, payload: Mapping[str, Any], case_id: Any, at: datetime, kind: str = MESSAGE
) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "kind": kind,
        "payload": {**payload, "to": to},
        "available_at": at,
        "attempts": 0,
        "channel": channel,
    }


def digests(house: House, at: datetime, channels: Channels) -> int:
    """On a working day, from the hour of the digest to the quiet hours: one per rule, of everything since
    the last one.

    A worker that was down for a week sends one digest, not seven. Returns how many were made.
    """
    local = at.astimezone(SHANGHAI)
    too_early = local.time() < channels.digest_at or channels.not_before(at) > at
    if too_early or not house.calendar().is_working(local.date()):
        return 0
    return sum(_digest(house, at, rule) for rule in channels.rules if not rule.now)


def _digest(house: House, at: datetime, rule: Rule) -> bool:
    day = at.astimezone(SHANGHAI).date()
    with house.reader.connect() as conn:
        if conn.scalar(select(DIGEST.c.id).where(DIGEST.c.rule == rule.name, DIGEST.c.day == day)):
            return False
    try:
        with transaction(house.engine) as conn:
            after = conn.scalar(select(func.max(DIGEST.c.up_to)).where(DIGEST.c.rule == rule.name))
            if after is None:
                after = conn.scalar(select(func.max(LINE.c.id)).where(LINE.c.at < at - FIRST)) or 0
            up_to = conn.scalar(select(func.max(LINE.c.id))) or 0
            lines = lines_of(house, conn, rule, after, up_to, day)
            number = conn.scalar(
                insert(DIGEST).returning(DIGEST.c.id),
                {"rule": rule.name, "day": day, "after": after, "up_to": up_to, "lines": len(lines)},
            )
            if lines:
                going = [
                    row_out(rule.channel, to, {"digest": number, "rule": rule.name}, None, at, DIGEST_KIND)
                    for to in rule.to or ("",)
                ]
                conn.execute(insert(OUT), going)
    except IntegrityError:
        return False  # another worker has made it
    return True


def lines_of(house: House, conn: Connection, rule: Rule, after: int, up_to: int, day: date) -> Sequence[Any]:
    """The lines of a rule's digest of that day: those not yet carried at once."""
    at_once, desks = alert_rules(house.rules().rulebook).at_once, standing_in(conn, day)
    rows = conn.execute(select(LINE).where(LINE.c.id > after, LINE.c.id <= up_to).order_by(LINE.c.id))
    return [row for row in rows if _takes(rule, row, desks) and not _urgent(row, at_once)]


def levels_of(rows: Sequence[Any]) -> Mapping[str, int]:
    """How many lines of each level; what is no deadline counts as `other`."""
    return Counter(str(row.params["level"]) if row.params.get("level") in LEVELS else "other" for row in rows)
