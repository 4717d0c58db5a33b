"""The public log: its files as they lie on the disk, and the page that checks a receipt."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import structlog
from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from audit import canonical
from audit.merkle import leaf_hash
from audit.note import NoteRefused
from audit.policy import NotSupported, PolicyFaulty
from audit.proof import Proof, unpack
from audit.standing import PUBLISHED
from audit.tiles import TreeBroken
from bpmn import Text
from web.access import public
from web.here import house
from workflow.errors import NotFound
from workflow.reading.words import KINDS

bp = Blueprint("verify", __name__)
_PAST = r"(reads/)?(past/[0-9a-f]{8}/)?"
_MUTABLE = re.compile(rf"{_PAST}checkpoint|policy|keys\.json")
_TILE = re.compile(
    rf"{_PAST}tile/([0-9]{{1,2}}|entries|signatures)/(x[0-9]{{3}}/)*[0-9]{{3}}(\.p/[0-9]{{1,3}})?"
)
FOREVER = 31_536_000  # seconds; a tile is never changed
FACTS = {
    "decision": Text("决定", "Decision"),
    "aid_fen": Text("救助金额", "Amount of aid"),
}
DECISIONS = {
    "approve": Text("批准", "approved"),
    "refuse": Text("不予批准", "refused"),
}


log = structlog.get_logger("verify")


class Fault(NamedTuple):
    """Why a receipt was not found to hold."""

    heading: Text
    why: Text
    status: int


_NOT_SOUND = Text("核验没有通过", "The receipt does not hold")
FOREIGN = Fault(
    _NOT_SOUND,
    Text(
        "回执与本单位公开的日志对不上：没有有效的签名或见证，或者记录不在日志里。请持文书到窗口核实。",
        "The receipt does not belong to this office's published log: no valid signature or cosignature, "
        "or the entry is not in it. Please bring the letter to the service window.",
    ),
    422,
)
TORN = Fault(
    _NOT_SOUND,
    Text(
        "这不是一份完整的回执。请重新扫描二维码，或者把回执文件的内容全部粘贴进来。",
        "This is not a whole receipt. Scan the code again, or paste all of the file's text.",
    ),
    422,
)
NOT_NOW = Fault(
    Text("现在不能核验", "The receipt cannot be checked now"),
    Text(
        "本单位的系统现在读不出公开日志的见证策略，所以没有核验您的回执。请稍后再试，或者用独立的核对程序核验。",
        "This office cannot read the policy of its published log at present, so your receipt was not "
        "checked. Please try again later, or use the stand-alone checker.",
    ),
    503,
)


@bp.get("/log/<path:path>")
@public
def files(path: str) -> ResponseReturnValue:
    """A file of the published log (c2sp.org/tlog-tiles); nothing else lies at this address."""
    tile = _TILE.fullmatch(path) is not None
    if not tile and _MUTABLE.fullmatch(path) is None:
        raise NotFound()
    try:
        content = (house().home / PUBLISHED / path).read_bytes()
    except FileNotFoundError as error:
        raise NotFound() from error
    answer = make_response(content)
    answer.headers["Content-Type"] = "application/octet-stream" if tile else "text/plain; charset=utf-8"
    if tile:
        answer.headers["Cache-Control"] = f"public, max-age={FOREVER}, immutable"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


@dataclass(frozen=True, slots=True)
class Checked:
    """A receipt that holds: where the entry stands, under which checkpoint, who has cosigned it when.

    `unreadable`: the log's own files are damaged here, so what the entry says cannot be shown.
    """

    index: int
    size: int
    origin: str
    cosigned: list[tuple[str, datetime]]
    entry: dict[str, Any] | None
    kind: Text | None
    packed: str
    unreadable: bool

    @property
    def at(self) -> datetime | None:
        return None if self.entry is None else datetime.fromisoformat(self.entry["at_recorded"])

    @property
    def facts(self) -> list[tuple[Text, Any]]:
        """What the entry says in clear and a letter says too."""
        said = {} if self.entry is None else self.entry["vars"]
        found: list[tuple[Text, Any]] = [
            (Text("文书编号", "Number of the letter"), number) for number in said.get("letters", ())
        ]
        decision = DECISIONS.get(str(said.get("decision")))
        if decision is not None:
            found.append((FACTS["decision"], decision))
        if isinstance(said.get("aid_fen"), int):
            found.append((FACTS["aid_fen"], said["aid_fen"]))
        return found


@bp.get("/verify")
@public
def show() -> ResponseReturnValue:
    """Check the receipt in the address, as the QR code of a letter gives it."""
    packed = request.args.get("r", "")
    return _page(packed, lambda: unpack(packed)) if packed else _page("", None)


@bp.get("/verify/receipt.tlog-proof")
@public
def download() -> Response:
    """The receipt in the address as a file (c2sp.org/tlog-proof)."""
    try:
        proof = unpack(request.args.get("r", ""))
    except NoteRefused as error:
        raise NotFound() from error
    answer = make_response(str(proof))
    answer.headers["Content-Type"] = "text/plain; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="{proof.index}.tlog-proof"'
    return answer


@bp.post("/verify")
@public
def check() -> ResponseReturnValue:
    """Check a receipt typed or pasted: the text of a .tlog-proof file, or the address of a QR code."""
    text = request.form.get("receipt", "").replace("\r\n", "\n").strip()
    found = re.search(r"[?&]r=([A-Za-z0-9_-]+)", text)
    if found is not None:
        packed = found[1]
        return _page(text, lambda: unpack(packed))
    return _page(text, lambda: Proof.parse(f"{text}\n"))


def _page(text: str, parse: Any) -> ResponseReturnValue:
    checked, fault = None, None
    if parse is not None:
        try:
            checked = _checked(parse())
        except NotSupported:
            fault = FOREIGN
        except (OSError, PolicyFaulty) as error:
            log.error("receipt_not_checked", error=type(error).__name__)
            fault = NOT_NOW
        except (NoteRefused, ValueError):
            fault = TORN
    body = render_template("public/verify.html", checked=checked, fault=fault, text=text[:4000])
    return make_response(body, fault.status if fault else 200)


def _checked(proof: Proof) -> Checked:
    published = house().published()
    seen = proof.check(published.policy())
    encoded, unreadable, entry = None, False, None
    try:
        encoded = published.entry(proof)
    except (TreeBroken, OSError) as error:
        log.error("entry_not_read", index=proof.index, error=type(error).__name__)
        unreadable = True
    if encoded is not None and leaf_hash(encoded) == proof.extra:
        entry = canonical.decode_strict(encoded)
    return Checked(
        index=proof.index,
        size=seen.checkpoint.size,
        origin=seen.checkpoint.origin,
        cosigned=sorted((name, datetime.fromtimestamp(at, UTC)) for name, at in seen.cosigned.items()),
        entry=entry,
        kind=None if entry is None else KINDS.get(entry["type"]),
        packed=proof.packed(),
        unreadable=unreadable,
    )
