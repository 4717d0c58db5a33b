"""Who gets what by which channel: the file `channels.toml` in the home folder, which the office edits.

    site = "https://mingjian.example"          # where a message points to

    [quiet]                                    # nothing but the most urgent is sent then
    from = "21:00"
    until = "07:30"

    [digest]
    at = "08:30"                               # of each working day

    [channels.mail]
    kind = "smtp"                              # smtp, wecom, dingtalk or webhook
    host = "smtp.example"
    port = 465
    security = "tls"                           # tls, starttls or none
    sender = "mingjian@example"
    user = "mingjian"
    secret = "mail"                            # name of a secret, never the secret itself

    [[rules]]
    name = "county supervisor"
    channel = "mail"
    to = ["supervisor@example"]                # mail addresses; robots have none
    desks = ["SUP@msb"]                        # whose inbox: ROLE, ROLE@kind of office, ROLE@code
    levels = ["overdue", "second", "third"]    # of deadlines; all unless given
    kinds = ["deadline"]                       # all unless given
    when = "digest"                            # or "now"

Secrets stand in the environment or in the folder of keys: neither in the repository nor in a dump of
the database (`workflow.alerts.secrets`). Without the file there is the inbox alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Final

from bpmn import Fault, RulebookError
from bpmn.reader import Section, read_toml
from workflow.alerts.recipients import LEVELS
from workflow.alerts.wording import KINDS
from workflow.deadlines import SHANGHAI
from workflow.permissions import kind_of

FILE: Final = "channels.toml"
SMTP, WECOM, DINGTALK, WEBHOOK = "smtp", "wecom", "dingtalk", "webhook"
PRESETS: Final[Mapping[str, str]] = {
    WECOM: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send",
    DINGTALK: "https://oapi.dingtalk.com/robot/send",
}
SECURITY: Final = frozenset({"tls", "starttls", "none"})
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_DESK = re.compile(r"[A-Z0-9]+(@[a-z0-9_-]+)?")


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """One way out. `secret`, `sign`: names of secrets; `seconds`: how long an answer is waited for."""

    name: str
    kind: str
    host: str = ""
    port: int = 0
    security: str = "tls"
    sender: str = ""
    user: str = ""
    url: str = ""
    secret: str = ""
    sign: str = ""
    seconds: int = 5


@dataclass(frozen=True, slots=True)
class Rule:
    """Which lines of which inboxes go out by a channel, to whom, and whether at once or in the digest."""

    name: str
    channel: str
    to: tuple[str, ...]
    desks: tuple[str, ...]
    levels: frozenset[str]
    kinds: frozenset[str]
    now: bool

    def takes(self, org: str, role: str, kind: str, level: str) -> bool:
        """Whether a line of this inbox is this rule's."""
        if self.kinds and kind not in self.kinds:
            return False
        if level and self.levels and level not in self.levels:
            return False
        return any(_sits(desk, org, role) for desk in self.desks)


@dataclass(frozen=True, slots=True)
class Channels:
    """The whole file. An empty one: nothing leaves the house."""

    site: str = ""
    quiet: tuple[time, time] | None = None
    digest_at: time = time(8, 30)
    channels: Mapping[str, ChannelConfig] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    def not_before(self, at: datetime) -> datetime:
        """When a message that is not urgent may go out: now, or at the end of the quiet hours."""
        if self.quiet is None:
            return at
        local = at.astimezone(SHANGHAI)
        start, end = self.quiet
        now = local.time()
        inside = start <= now < end if start <= end else now >= start or now < end
        if not inside:
            return at
        day = local.date() if now < end else local.date() + timedelta(days=1)
        return datetime.combine(day, end, SHANGHAI)


def _sits(desk: str, org: str, role: str) -> bool:
    wanted, _, place = desk.partition("@")
    if wanted != role:
        return False
    if place == "township":
        return org.isdigit() and org.endswith("000") and not org.endswith("000000")
    if place == "village":
        return org.isdigit() and not org.endswith("000")
    if place == "county":
        return org.isdigit() and org.endswith("000000")
    return not place or place in (org, kind_of(org))


def read_channels(home: Path) -> Channels:
    """The office's file; what it says, or nothing where it is not there.

    Raises:
        RulebookError: with every fault of the file, each with its place and reason.
    """
    path = home / FILE
    return parse_channels(path.read_bytes()) if path.exists() else Channels()


def parse_channels(content: bytes) -> Channels:
    """See `read_channels`."""
    faults: list[Fault] = []
    top = read_toml(faults, FILE, content)
    found = Channels()
    if top is not None:
        channels = {}
        part = top.under("channels") if top.has("channels") else None
        for name in part.keys() if part else ():
            section = part.under(name) if part else None
            if section is not None:
                channels[name] = _channel(name, section)
        rules = tuple(_rule(section, channels) for section in top.sections("rules"))
        names = [rule.name for rule in rules]
        for name in sorted({name for name in names if names.count(name) > 1}):
            top.fault(f"规则“{name}”重复", f"the rule {name!r} stands twice", "rules")
        found = Channels(
            site=top.string("site", "").rstrip("/"),
            quiet=_quiet(top),
            digest_at=_digest(top),
            channels=channels,
            rules=rules,
        )
        top.close()
    if faults:
        raise RulebookError(faults)
    return found


def _clock(section: Section, key: str, default: str) -> time:
    text = section.string(key, default)
    match = _CLOCK.fullmatch(text)
    if match is None:
        section.fault(f"“{text}”应如08:30", f"{text!r} should be like 08:30", key)
        return time()
    return time(int(match[1]), int(match[2]))


def _quiet(top: Section) -> tuple[time, time] | None:
    part = top.under("quiet") if top.has("quiet") else None
    if part is None:
        return None
    hours = _clock(part, "from", "21:00"), _clock(part, "until", "07:30")
    part.close()
    return hours


def _digest(top: Section) -> time:
    part = top.under("digest") if top.has("digest") else None
    if part is None:
        return Channels().digest_at
    at = _clock(part, "at", "08:30")
    part.close()
    return at


def _channel(name: str, section: Section) -> ChannelConfig:
    kind = section.string("kind")
    if not _NAME.fullmatch(name):
        section.fault("名称只用小写字母、数字和下划线", "a name is of a-z, 0-9 and _")
    secret = section.string("secret", "")
    seconds = section.whole("seconds", required=False, least=1) or 5
    if kind == SMTP:
        config = ChannelConfig(
            name, kind,
            host=section.string("host"), port=section.whole("port", required=False, least=1) or 465,
            security=section.string("security", "tls"), sender=section.string("sender"),
            user=section.string("user", ""), secret=secret, seconds=seconds,
        )  # fmt: skip
        if config.security not in SECURITY:
            section.fault("security应为tls、starttls或none", "security is tls, starttls or none", "security")
        if config.sender and not _ADDRESS.fullmatch(config.sender):
            section.fault(f"“{config.sender}”不是邮箱地址", f"{config.sender!r} is no address", "sender")
        if config.user and not secret:
            section.fault("有登录名就要写密钥的名称", "a user needs the name of a secret", "secret")
    elif kind in {WECOM, DINGTALK, WEBHOOK}:
        config = ChannelConfig(
            name, kind, url=section.string("url", PRESETS.get(kind)),
            secret=secret, sign=section.string("sign", ""), seconds=seconds,
        )  # fmt: skip
        if config.url and not config.url.startswith(("https://", "http://")):
            section.fault("地址应以https://开头", "the address begins with https://", "url")
        if kind != WEBHOOK and not secret:
            section.fault("机器人要写密钥的名称", "a robot needs the name of its secret", "secret")
    else:
        section.fault(f"没有“{kind}”这种通道", f"there is no kind {kind!r} of channel", "kind")
        config = ChannelConfig(name, kind)
    section.close()
    return config


def _rule(section: Section, channels: Mapping[str, ChannelConfig]) -> Rule:
    name, channel, when = section.string("name"), section.string("channel"), section.string("when", "digest")
    rule = Rule(
        name, channel, section.strings("to"), section.strings("desks"),
        frozenset(section.strings("levels")), frozenset(section.strings("kinds")), when == "now",
    )  # fmt: skip
    config = channels.get(channel)
    if config is None:
        section.fault(f"没有“{channel}”这个通道", f"there is no channel {channel!r}", "channel")
    elif (config.kind == SMTP) is not bool(rule.to):
        section.fault("邮件要写收件地址，机器人没有收件地址", "mail needs addresses, robots have none", "to")
    for address in rule.to:
        if not _ADDRESS.fullmatch(address):
            section.fault(f"“{address}”不是邮箱地址", f"{address!r} is no address", "to")
    if not rule.desks:
        section.fault("没有写是谁的消息", "it does not say whose messages", "desks")
    for desk in rule.desks:
        if not _DESK.fullmatch(desk):
            section.fault(f"“{desk}”应如SUP@msb", f"{desk!r} should be like SUP@msb", "desks")
    for level in sorted(rule.levels - set(LEVELS)):
        section.fault(f"没有“{level}”这一级", f"there is no level {level!r}", "levels")
    for kind in sorted(rule.kinds - KINDS.keys()):
        section.fault(f"没有“{kind}”这种消息", f"there is no kind {kind!r}", "kinds")
    if when not in {"now", "digest"}:
        section.fault("when应为now或digest", "when is now or digest", "when")
    section.close()
    return rule
