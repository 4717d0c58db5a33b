"""The ways out (告警渠道) as they stand: what is configured, how each has answered, what waits on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, and_, case, func, select

from bpmn import Fault, RulebookError, Text
from workflow.alerts.channels import DINGTALK, SMTP, WEBHOOK, WECOM, Channels, read_channels
from workflow.alerts.failures import failure_words
from workflow.house import House
from workflow.store.models import Channel, Outbox

State = Literal["fine", "unused", "failing", "dead", "removed"]
KINDS: Final = {
    SMTP: Text("邮件", "mail"),
    WECOM: Text("企业微信机器人", "Enterprise WeChat robot"),
    DINGTALK: Text("钉钉机器人", "DingTalk robot"),
    WEBHOOK: Text("网络接口", "webhook"),
}
GONE: Final = Text("文件里已经没有", "no longer in the file")


@dataclass(frozen=True, slots=True)
class ChannelView:
    """One way out. `failure`: why it failed last; `waiting`: messages not sent yet; `refused`: those whose
    address does not take them.
    """

    name: str
    kind: Text
    state: State
    last_ok_at: datetime | None
    last_failed_at: datetime | None
    failure: Text | None
    failing_since: datetime | None
    retry_at: datetime | None
    waiting: int
    refused: int


@dataclass(frozen=True, slots=True)
class Ways:
    """All of them. `faults`: the office's file is wrong, and nothing leaves until it is put right."""

    channels: Sequence[ChannelView]
    faults: Sequence[Fault]


def ways_out(house: House, conn: Connection) -> Ways:
    """Every channel of the file, and those that are no longer in it but have messages waiting."""
    faults: Sequence[Fault] = ()
    try:
        told = read_channels(house.home)
    except RulebookError as refused:
        told, faults = Channels(), refused.faults
    known = {row.name: row for row in conn.execute(select(Channel.__table__))}
    waits = and_(Outbox.done_at.is_(None), Outbox.gave_up_at.is_(None))
    rows = conn.execute(
        select(
            Outbox.channel,
            func.count(case((waits, 1))).label("waiting"),
            func.count(Outbox.gave_up_at).label("refused"),
        )
        .where(Outbox.channel.is_not(None), Outbox.done_at.is_(None))
        .group_by(Outbox.channel)
    )
    counted = {row.channel: row for row in rows}
    names = [
        *told.channels,
        *(name for name in sorted(known.keys() | counted.keys()) if name not in told.channels),
    ]
    found = [_view(name, told, known.get(name), counted.get(name)) for name in names]
    kept = [each for each in found if each.state != "removed" or each.waiting or faults]
    return Ways(kept, faults)


def _view(name: str, told: Channels, row: Any, counted: Any) -> ChannelView:
    config = told.channels.get(name)
    state: State = "fine"
    if row is not None and row.told_at is not None:
        state = "dead"
    elif config is None:
        state = "removed"
    elif row is None or (row.last_ok_at is None and not row.failures):
        state = "unused"
    elif row.failures:
        state = "failing"
    return ChannelView(
        name=name,
        kind=GONE if config is None else KINDS[config.kind],
        state=state,
        last_ok_at=row and row.last_ok_at,
        last_failed_at=row and row.last_failed_at,
        failure=failure_words(row.last_error) if row is not None and row.last_error else None,
        failing_since=row and row.failing_since,
        retry_at=row and row.retry_at,
        waiting=counted.waiting if counted else 0,
        refused=counted.refused if counted else 0,
    )


def dead_channels(conn: Connection) -> list[str]:
    """The names of those that have failed so often in a row that the supervisors were told."""
    return list(conn.scalars(select(Channel.name).where(Channel.told_at.is_not(None)).order_by(Channel.name)))
