"""The outbox of messages: one lease, one attempt, and a pause for the whole channel when it does not answer.

A channel that is dead costs one attempt per pause, however many messages wait on it, and the others go
on. A message is never dropped: it goes out, or its address refuses it, and both stand with the message.

At least once: a worker that dies after the receiver has taken a message and before that is written down
leaves it under its lease, and it goes out again with the same key, by which a receiver can tell.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from bpmn import RulebookError
from workflow.alerts.channels import ChannelConfig, Channels, read_channels
from workflow.alerts.routing import DIGEST, DIGEST_KIND, LINE, OUT, digests, levels_of, lines_of, route
from workflow.alerts.transport import ChannelDown, Message, Refused, send
from workflow.alerts.wording import heading, line, summary
from workflow.cases.county import county_of
from workflow.deadlines import SHANGHAI
from workflow.house import House
from workflow.store import transaction
from workflow.store.models import Case, Channel, InboxMessage, table

CHANNEL = table(Channel)
LEASE: Final = timedelta(minutes=5)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
DEAD_AFTER: Final = 3  # attempts in a row
BATCH: Final = 50
MAIL_REFUSED: Final = "mail_refused"
SHOWN: Final = 20  # cases a digest names one by one

log = structlog.get_logger("channels")


def pause_after(failures: int) -> timedelta:
    """1, 2, 4, … minutes, at most an hour."""
    doubled: timedelta = FIRST_PAUSE * (1 << min(failures - 1, 10))
    return min(doubled, LONGEST_PAUSE)


def configured(house: House) -> Channels | None:
    """The office's file; one that is wrong is reported and holds everything, while the inboxes fill."""
    try:
        return read_channels(house.home)
    except RulebookError as refused:
        for fault in refused.faults:
            log.error("channels_file_is_wrong", place=fault.element, reason=fault.reason.en)
        return None


def prepare(house: House, at: datetime, *, digest: bool = True) -> int:
    """The part that only touches the database. `digest`: all that is due has been raised."""
    channels = configured(house)
    if channels is None:
        return 0
    total = 0
    while (done := route(house, at, channels)) > 0:
        total += done
    if digest:
        digests(house, at, channels)
    return total


def deliver(house: House, at: datetime) -> int:
    """The part that talks to the world: each channel in turn, as long as it answers."""
    channels = configured(house)
    if channels is None:
        return 0
    return sum(_all_of(house, at, channel, channels) for channel in channels.channels.values())


def _all_of(house: House, at: datetime, channel: ChannelConfig, channels: Channels) -> int:
    sent = 0
    while sent < BATCH and _next(house, at, channel, channels):
        sent += 1
    return sent


def _next(house: House, at: datetime, channel: ChannelConfig, channels: Channels) -> bool:
    """One message of a channel; False when none is due or the channel did not take it."""
    row = _claimed(house, at, channel.name)
    if row is None:
        return False
    message = _written(house, row, channels)
    try:
        send(house.home, channel, message)
    except Refused as error:
        log.warning("message_refused", channel=channel.name, id=row.id, error=str(error))
        _refused(house, at, row, str(error))
        return True
    except ChannelDown as error:
        log.warning("channel_down", channel=channel.name, id=row.id, error=str(error))
        _failed(house, at, row, str(error))
        return False
    _sent(house, at, row)
    return True


def _claimed(house: House, at: datetime, channel: str) -> Row[Any] | None:
    """The oldest message that is due, under a lease; None too while the channel rests after a failure."""
    due = select(OUT.c.id).where(
        OUT.c.channel == channel,
        OUT.c.done_at.is_(None),
        OUT.c.gave_up_at.is_(None),
        OUT.c.available_at <= at,
    )
    with house.reader.connect() as conn:
        rest = conn.scalar(select(CHANNEL.c.retry_at).where(CHANNEL.c.name == channel))
        waiting = conn.scalar(due.limit(1))
    if waiting is None or (rest is not None and rest > at):
        return None
    _known(house, channel)
    with transaction(house.engine) as conn:
        oldest = (
            due.order_by(OUT.c.available_at, OUT.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        return conn.execute(
            update(OUT)
            .where(OUT.c.id == oldest)
            .values(attempts=OUT.c.attempts + 1, available_at=at + LEASE)
            .returning(*OUT.c)
        ).first()


def _known(house: House, name: str) -> None:
    """The channel has a row; whoever comes second leaves it as it is."""
    with house.reader.connect() as conn:
        if conn.scalar(select(CHANNEL.c.name).where(CHANNEL.c.name == name)) is not None:
            return
    with suppress(IntegrityError), transaction(house.engine) as conn:
        conn.execute(insert(CHANNEL), {"name": name, "failures": 0})


def _written(house: House, row: Row[Any], channels: Channels) -> Message:
    with house.reader.connect() as conn:
        if row.kind == DIGEST_KIND:
            title, text = _digest_text(house, conn, row.payload, channels)
        else:
            title, text = _line_text(house, conn, row.payload["inbox"], channels)
    at = row.available_at - LEASE
    return Message(f"mingjian-{row.id}", row.payload["to"], title, text, at.astimezone(SHANGHAI))


def _line_text(house: House, conn: Connection, inbox: int, channels: Channels) -> tuple[str, str]:
    row = conn.execute(
        select(LINE, Case.number).outerjoin(Case, Case.id == LINE.c.case_id).where(LINE.c.id == inbox)
    ).one()
    told = line(row.kind, row.params, row.number, house.rules().rulebook)
    return f"【明鉴】{heading(row.kind, row.params).zh}", f"{told}{_where(channels, row.case_id)}"


def _digest_text(
    house: House, conn: Connection, payload: Mapping[str, Any], channels: Channels
) -> tuple[str, str]:
    digest = conn.execute(select(DIGEST).where(DIGEST.c.id == payload["digest"])).one()
    rule = next((rule for rule in channels.rules if rule.name == digest.rule), None)
    rows = lines_of(house, conn, rule, digest.after, digest.up_to, digest.day) if rule else []
    ids = {row.case_id for row in rows if row.case_id is not None}
    numbers = {
        row.id: row.number for row in conn.execute(select(Case.id, Case.number).where(Case.id.in_(ids)))
    }
    book = house.rules().rulebook
    told = [line(row.kind, row.params, numbers.get(row.case_id), book) for row in rows[:SHOWN]]
    if len(rows) > SHOWN:
        told.append(f"还有{len(rows) - SHOWN}条，登录后查看。")
    title = f"【明鉴】{digest.day.month}月{digest.day.day}日期限提醒：{summary(levels_of(rows))}"
    return title, "\n".join(told) + _where(channels, None)


def _where(channels: Channels, case_id: Any) -> str:
    if not channels.site:
        return ""
    return f"\n{channels.site}/cases/{case_id}" if case_id else f"\n{channels.site}/inbox"


def _sent(house: House, at: datetime, row: Row[Any]) -> None:
    with transaction(house.engine) as conn:
        conn.execute(_mine(row).values(done_at=at, last_error=None))
        if _answered(conn, row.channel, at):
            tell_offices(house, conn, "channel_back", {"channel": row.channel}, at)


def _refused(house: House, at: datetime, row: Row[Any], error: str) -> None:
    """The server answers, only this address does not take it: the offices are told, the line stays."""
    with transaction(house.engine) as conn:
        conn.execute(_mine(row).values(gave_up_at=at, last_error=error))
        if _answered(conn, row.channel, at):
            tell_offices(house, conn, "channel_back", {"channel": row.channel}, at)
        told = conn.scalar(select(LINE.c.kind).where(LINE.c.id == row.payload.get("inbox")))
        if told != MAIL_REFUSED:  # that a refusal could not be told either is no news
            tell_offices(house, conn, MAIL_REFUSED, {"channel": row.channel, "delivery": row.id}, at)


def _failed(house: House, at: datetime, row: Row[Any], error: str) -> None:
    with transaction(house.engine) as conn:
        known = conn.execute(select(CHANNEL).where(CHANNEL.c.name == row.channel).with_for_update()).one()
        failures = known.failures + 1
        wait = at + pause_after(failures)
        values = {
            "failures": failures,
            "failing_since": known.failing_since or at,
            "retry_at": wait,
            "last_error": error,
            "last_failed_at": at,
        }
        dead = failures >= DEAD_AFTER and known.told_at is None
        if dead:
            values["told_at"] = at
        conn.execute(update(CHANNEL).where(CHANNEL.c.name == row.channel).values(**values))
        conn.execute(_mine(row).values(available_at=wait, last_error=error))
        if dead:
            tell_offices(house, conn, "channel_dead", {"channel": row.channel}, at)


def _mine(row: Row[Any]) -> Any:
    """Only while the lease is still ours."""
    return update(OUT).where(OUT.c.id == row.id, OUT.c.attempts == row.attempts)


def _answered(conn: Connection, name: str, at: datetime) -> bool:
    """The channel works; True if it had been told to be dead."""
    known = conn.execute(select(CHANNEL).where(CHANNEL.c.name == name).with_for_update()).one()
    fine = {
        "failures": 0,
        "failing_since": None,
        "retry_at": None,
        "last_ok_at": at,
        "told_at": None,
    }
    conn.execute(update(CHANNEL).where(CHANNEL.c.name == name).values(**fine))
    return known.told_at is not None


def tell_offices(house: House, conn: Connection, kind: str, params: Mapping[str, Any], at: datetime) -> None:
    """A line of no case for those who can mend it: the bureau's supervisor and the administrator."""
    office = f"{county_of(house.rules().rulebook).code[:6]}-msb"
    conn.execute(
        insert(table(InboxMessage)),
        [
            {"org": office, "role": role, "kind": kind, "case_id": None, "params": dict(params), "at": at}
            for role in ("SUP", "ADM")
        ],
    )
