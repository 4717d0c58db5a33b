"""Why a message did not go out, in words: what `workflow.alerts.transport` notes down is for machines."""

import re
from collections.abc import Mapping
from typing import Final

from bpmn import Text
from workflow.alerts.transport import UNREADABLE

_BY_NAME: Final[Mapping[str, Text]] = {
    "TimeoutError": Text("等了很久没有回答", "no answer in time"),
    "ConnectionRefusedError": Text("对方没有开门（连接被拒绝）", "the connection was refused"),
    "ConnectionResetError": Text("连上后被对方断开", "the connection was broken off"),
    "SMTPServerDisconnected": Text("邮件服务器中途断开", "the mail server broke off"),
    "RemoteDisconnected": Text("对方中途断开", "the other side broke off"),
    "gaierror": Text("找不到这个服务器的地址", "the server's name is not known"),
    "SSLCertVerificationError": Text("对方的证书不可信", "the certificate is not trusted"),
    "SSLError": Text("加密连接没有建成", "no encrypted connection could be made"),
    "UnicodeEncodeError": Text(
        "地址里有邮件系统不认的字", "the address holds letters that mail cannot carry"
    ),
}
_GARBLED: Final = frozenset({"BadStatusLine", "LineTooLong", "IncompleteRead", "HTTPException"})
_CODED: Final = re.compile(r"(SMTP|HTTP|errcode) (-?\d+)")
_SECRET: Final = re.compile(r"secret (\S+) is missing")
_UNREADABLE: Final = Text("机器人的回答读不懂", UNREADABLE)
_UNKNOWN: Final = Text("网络不通", "the network failed")
_NO_HTTP: Final = Text("对方的回答不完整或读不懂", "the answer was cut off or cannot be read")


def failure_words(noted: str) -> Text:
    """The cause as an office can act on it; the code stays in brackets for whoever looks after the server."""
    if found := _SECRET.fullmatch(noted):
        return Text(f"缺少密钥“{found[1]}”", f"the secret {found[1]!r} is missing")
    if found := _CODED.fullmatch(noted):
        way, code = found[1], int(found[2])
        refused = (way == "HTTP" and code in {401, 403}) or (way == "SMTP" and code in {530, 534, 535})
        if refused:
            return Text(
                f"对方不认这个账号或密钥（{noted}）", f"account or secret were not accepted ({noted})"
            )
        return Text(f"对方没有收下（{noted}）", f"it was not taken ({noted})")
    if noted == UNREADABLE:
        return _UNREADABLE
    words = _BY_NAME.get(noted, _NO_HTTP if noted in _GARBLED else _UNKNOWN)
    return Text(f"{words.zh}（{noted}）", f"{words.en} ({noted})")
