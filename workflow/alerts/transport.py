"""Put one message on the wire: a mail server, a robot of Enterprise WeChat or DingTalk, any webhook.

Nothing here knows a case. `ChannelDown`: the way itself is closed, everything on it waits. `Refused`:
this address will never take it. Texts of both name codes, never an address or a token. Whatever answers
at the other end, no other exception leaves `send`: one garbled answer must not end the round for all.
"""

import base64
import hashlib
import hmac
import json
import smtplib
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

from workflow.alerts.channels import DINGTALK, SMTP, WEBHOOK, WECOM, ChannelConfig
from workflow.alerts.secrets import SecretMissing, secret

LARGEST_ANSWER: Final = 64 * 1024
PERMANENT: Final = range(500, 600)
UNREADABLE: Final = "the robot's answer cannot be read"


class ChannelDown(Exception):
    """It cannot be delivered now by this channel; try again later."""


class Refused(Exception):
    """This address does not take it, now or later."""


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out. `key` is the same for every attempt, so that a receiver knows a second copy."""

    key: str
    to: str
    title: str
    text: str
    at: datetime


def send(home: Path, channel: ChannelConfig, message: Message) -> None:
    """Deliver one message or say why not.

    Raises:
        ChannelDown, Refused
    """
    try:
        _SENDERS[channel.kind](home, channel, message)
    except SecretMissing as error:
        raise ChannelDown(f"secret {error} is missing") from error


def _mail(home: Path, channel: ChannelConfig, message: Message) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = channel.sender, message.to, message.title
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.key}@{channel.sender.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    try:
        server = _connected(channel)
        try:
            if channel.user:
                server.login(channel.user, secret(home, channel.secret))
            server.send_message(mail)
        finally:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()))[0]
        if code in PERMANENT:
            raise Refused(f"SMTP {code}") from error
        raise ChannelDown(f"SMTP {code}") from error
    except smtplib.SMTPDataError as error:
        if error.smtp_code in PERMANENT:
            raise Refused(f"SMTP {error.smtp_code}") from error
        raise ChannelDown(f"SMTP {error.smtp_code}") from error
    except smtplib.SMTPResponseException as error:
        raise ChannelDown(f"SMTP {error.smtp_code}") from error
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise ChannelDown(type(error).__name__) from error


def _connected(channel: ChannelConfig) -> smtplib.SMTP:
    if channel.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(channel.host, channel.port, timeout=channel.seconds, context=context)
    server = smtplib.SMTP(channel.host, channel.port, timeout=channel.seconds)
    if channel.security == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except Exception:
            server.close()
            raise
    return server


def _wecom(home: Path, channel: ChannelConfig, message: Message) -> None:
    address = f"{channel.url}?{urllib.parse.urlencode({'key': secret(home, channel.secret)})}"
    body = {"msgtype": "text", "text": {"content": f"{message.title}\n{message.text}"}}
    _accepted(_post(channel, address, body, {}))


def _dingtalk(home: Path, channel: ChannelConfig, message: Message) -> None:
    query = {"access_token": secret(home, channel.secret)}
    if channel.sign:
        stamp, key = str(int(message.at.timestamp() * 1000)), secret(home, channel.sign)
        digest = hmac.new(key.encode(), f"{stamp}\n{key}".encode(), hashlib.sha256).digest()
        query |= {"timestamp": stamp, "sign": base64.b64encode(digest).decode()}
    body = {"msgtype": "text", "text": {"content": f"{message.title}\n{message.text}"}}
    _accepted(_post(channel, f"{channel.url}?{urllib.parse.urlencode(query)}", body, {}))


def _accepted(answer: bytes) -> None:
    """Both robots answer 200 and say in the body whether they took it."""
    try:
        code = json.loads(answer)["errcode"]
    except (ValueError, KeyError, TypeError, RecursionError):
        code = None
    if type(code) is not int:  # what else it may say is not repeated: it could hold the token
        raise ChannelDown(UNREADABLE)
    if code != 0:
        raise ChannelDown(f"errcode {code}")


def _webhook(home: Path, channel: ChannelConfig, message: Message) -> None:
    body = {"id": message.key, "title": message.title, "text": message.text, "at": message.at.isoformat()}
    headers = {"Idempotency-Key": message.key}
    if channel.secret:
        headers["Authorization"] = f"Bearer {secret(home, channel.secret)}"
    if channel.sign:
        key = secret(home, channel.sign).encode()
        headers["X-Mingjian-Signature"] = hmac.new(key, _encoded(body), hashlib.sha256).hexdigest()
    _post(channel, channel.url, body, headers)


def _encoded(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A robot that sends us elsewhere is not the one the office has named."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def _post(channel: ChannelConfig, address: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> bytes:
    request = urllib.request.Request(  # noqa: S310 — http or https only, checked when the file is read
        address,
        data=_encoded(body),
        headers={"Content-Type": "application/json; charset=utf-8", **headers},
        method="POST",
    )
    try:
        with _OPENER.open(request, timeout=channel.seconds) as answer:
            content: bytes = answer.read(LARGEST_ANSWER)
            return content
    except urllib.error.HTTPError as error:
        error.close()
        raise ChannelDown(f"HTTP {error.code}") from None
    except (HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise ChannelDown(type(reason if isinstance(reason, Exception) else error).__name__) from None


_SENDERS = {SMTP: _mail, WECOM: _wecom, DINGTALK: _dingtalk, WEBHOOK: _webhook}
