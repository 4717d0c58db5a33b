"""What a line of an inbox says, in both languages: codes and dates only, as everywhere a message goes."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from bpmn import Rulebook, Text
from workflow.alerts.recipients import LEVEL_NAMES
from workflow.deadlines import SHANGHAI

Params = Mapping[str, Any]
REMINDER: Final = Text("提醒", "Reminder")

KINDS: Final[Mapping[str, Text]] = {
    "deadline": Text("期限提醒", "Deadline"),
    "urged": Text("催办", "The supervisor urges"),
    "handed_over": Text("改派给您", "Handed over to you"),
    "supervised": Text("挂牌督办，等您答复", "Under supervision: an answer is owed"),
    "answered": Text("督办已答复，等您摘牌", "The office has answered; end the supervision"),
    "answer_overdue": Text("督办答复超期", "The answer to the supervisor is overdue"),
    "supervision_ended": Text("督办已摘牌", "The supervision has ended"),
    "extension_asked": Text("申请延期，等您答复", "An extension is asked for"),
    "extension_granted": Text("延期已批准", "The extension was granted"),
    "extension_refused": Text("延期没有批准", "The extension was refused"),
    "finding_sent": Text("检查问题，等整改答复", "A finding of the inspection: an answer is owed"),
    "finding_returned": Text("整改退回，等重新答复", "Sent back by the inspection: answer again"),
    "finding_answered": Text("整改已答复，等核查", "The office has answered a finding"),
    "finding_accepted": Text("整改已接受，等回头看", "The inspection accepts the answer"),
    "finding_relook": Text("到了回头看的日子", "A re-look is due"),
    "finding_closed": Text("检查问题已销号", "The finding is closed"),
    "retention_due": Text("案卷保存期满，可以提出删除个人信息", "Kept long enough: propose to erase"),
    "channel_dead": Text("消息通道发不出去", "A channel does not deliver"),
    "channel_back": Text("消息通道恢复", "A channel delivers again"),
    "mail_refused": Text("邮箱拒收", "A mailbox refuses"),
    "time_jump": Text("服务器时间跳变", "The server's clock has jumped"),
    "calendar_waiting": Text("日历等第二个人放行", "A calendar waits for a second person"),
    "red_flags": Text("新的红旗", "New red flags"),
    "leave": Text("请假代班", "Leave and substitute"),
    "seat_proposed": Text("安排岗位，等另一名系统管理员确认", "A seat waits for a second administrator"),
    "seat_confirmed": Text("您提出的岗位已确认", "The seat you proposed was confirmed"),
    "seat_refused": Text("您提出的岗位被退回", "The seat you proposed was refused"),
    "password_proposed": Text(
        "重设密码，等另一名系统管理员确认", "A password waits for a second administrator"
    ),
    "password_confirmed": Text("您提出的重设密码已确认", "The password you proposed was confirmed"),
    "password_refused": Text("您提出的重设密码被退回", "The password you proposed was refused"),
}


def heading(kind: str, params: Params) -> Text:
    """The first words of a line: of a deadline its level."""
    if kind == "deadline":
        return LEVEL_NAMES.get(str(params.get("level")), REMINDER)
    return KINDS.get(kind, REMINDER)


def subject(params: Params, rulebook: Rulebook) -> Text:
    """What it is about: the limit, the step, the channel, or how many red flags."""
    if "flags" in params:
        return Text(f"{params['flags']}面，级别高", f"{params['flags']} of high severity")
    code = str(params.get("limit", ""))
    if code in rulebook.limits:
        return rulebook.limits[code].name
    named = str(params.get("step") or params.get("channel") or params.get("subject") or code)
    return Text(named, named)


def due_of(params: Params) -> datetime | None:
    due = params.get("due")
    return datetime.fromisoformat(due) if isinstance(due, str) else None


def line(kind: str, params: Params, number: str | None, rulebook: Rulebook) -> str:
    """One line as it leaves the house, in Chinese: 超期：案件2026-0276，村级评议，11月18日到期。"""
    parts = [f"案件{number}" if number else "", subject(params, rulebook).zh, _until(params)]
    return f"{heading(kind, params).zh}：{'，'.join(part for part in parts if part)}。"


def _until(params: Params) -> str:
    due = due_of(params)
    if due is None:
        return ""
    local = due.astimezone(SHANGHAI)
    if (local.hour, local.minute) == (0, 0):  # the end of a day is the midnight after it
        local = datetime.fromordinal(local.toordinal() - 1).replace(tzinfo=SHANGHAI)
        return f"{local.month}月{local.day}日到期"
    return f"{local.month}月{local.day}日{local:%H:%M}到期"


WORDS_BEFORE: Final[Mapping[str, Callable[[int], str]]] = {
    "third": lambda n: f"超期后第三次提醒{n}件",
    "second": lambda n: f"超期后第二次提醒{n}件",
    "overdue": lambda n: f"超期{n}件",
    "warn2": lambda n: f"快到期{n}件",
    "warn": lambda n: f"临期{n}件",
    "other": lambda n: f"其他{n}条",
}


def summary(levels: Mapping[str, int]) -> str:
    """超期3件，临期2件 — the worst first."""
    told = [words(levels[level]) for level, words in WORDS_BEFORE.items() if levels.get(level)]
    return "，".join(told)
