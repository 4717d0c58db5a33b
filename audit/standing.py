"""Where the published logs stand, in words: how much is out, what stops it, which witnesses answer.

Read from the files alone (`log/` and `sequencer/`), so it is known on the machine that publishes.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from audit.chain import LOGS
from audit.checkpoint import Checkpoint
from audit.entry import LOG, instant
from audit.note import Note, NoteRefused
from audit.policy import Policy, PolicyFaulty
from audit.publishing import CHECKPOINT, POLICY, SIGNED
from audit.text import Text
from audit.tiles import Folder
from audit.witnessing import Contact, contacts

PUBLISHED, STATE, STOPPED = "log", "sequencer", "stopped"
SUBFOLDERS = {log: "" if log == LOG else log.rpartition("/")[2] for log in LOGS}
NAMES = {log: Text("案件日志", "The log of cases") for log in LOGS} | {
    log: Text("查看与拒绝日志", "The log of reads and refusals") for log in LOGS if log != LOG
}


@dataclass(frozen=True, slots=True)
class WitnessStanding:
    """`cosigned_at`: when it signed what is published now (text in UTC), None if it did not."""

    name: str
    cosigned_at: str | None
    contact: Contact

    @property
    def away(self) -> bool:
        return self.contact.bad_since is not None


@dataclass(frozen=True, slots=True)
class Standing:
    """`signed` and `published` count entries, None before the first; `stopped` says what stops the log, and
    `since` (text in UTC) since when.
    """

    log: str
    origin: str | None
    signed: int | None
    published: int | None
    quorum: str
    witnesses: tuple[WitnessStanding, ...]
    stopped: str | None
    since: str | None

    @property
    def waiting(self) -> bool:
        """Whether entries were signed that the quorum has not cosigned."""
        return (self.signed or 0) > (self.published or 0)

    @property
    def away(self) -> list[WitnessStanding]:
        return [witness for witness in self.witnesses if witness.away]

    def sentences(self) -> Iterator[Text]:
        """A line at a time."""
        name = NAMES[self.log]
        if self.published is None:
            yield Text(f"{name.zh}：还没有公开", f"{name.en} has not been published yet")
        else:
            yield Text(
                f"{name.zh}：已公开 {self.published} 个条目（{self.origin}）",
                f"{name.en}: {self.published} entries are published ({self.origin})",
            )
        if self.stopped is not None:
            yield Text(
                f"✘ 自 {self.since} 起停止公开：{self.stopped}",
                f"✘ Stopped since {self.since}: {self.stopped}",
            )
        elif self.waiting:
            yield Text(
                f"✘ 有 {self.signed} 个条目已签名，见证方不足法定数，没有公开",
                f"✘ {self.signed} entries are signed, but without the quorum of witnesses not published",
            )
        for witness in self.witnesses:
            yield _sentence(witness)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"waiting": self.waiting}


def _sentence(witness: WitnessStanding) -> Text:
    contact, name = witness.contact, witness.name
    if witness.away:
        return Text(
            f"✘ 见证方 {name}：自 {contact.bad_since} 起没有回应（{contact.reason}）",
            f"✘ Witness {name}: no answer since {contact.bad_since} ({contact.reason})",
        )
    if witness.cosigned_at is not None:
        return Text(
            f"✔ 见证方 {name}：{witness.cosigned_at} 已见证",
            f"✔ Witness {name}: cosigned at {witness.cosigned_at}",
        )
    if contact.good_at is not None:
        return Text(
            f"○ 见证方 {name}：见证到第 {contact.size} 条（{contact.good_at}）",
            f"○ Witness {name}: has cosigned {contact.size} entries ({contact.good_at})",
        )
    return Text(f"○ 见证方 {name}：还没有见证", f"○ Witness {name}: has not cosigned yet")


def standing(home: Path) -> list[Standing]:
    """Both logs of the office at `home`. A damaged file counts as a missing one."""
    return [_standing(home, log) for log in LOGS]


def note_stop(state: Folder, fault: Exception | None, now: datetime) -> None:
    """Write down what stops a log, since when, or that nothing does any more."""
    path = state.root / STOPPED
    if fault is None:
        path.unlink(missing_ok=True)
        return
    told = {"fault": f"{type(fault).__name__}: {fault}", "since": instant(now)}
    before = _stopped(state.root)
    if before.get("fault") != told["fault"]:
        state.write(path, json.dumps(told).encode())


def _standing(home: Path, log: str) -> Standing:
    folder, state = home / PUBLISHED / SUBFOLDERS[log], home / STATE / SUBFOLDERS[log]
    note, policy = _note(folder), _policy(home)
    published = None if note is None else _checkpoint(note.text)
    signed = _checkpoint(_text(state / SIGNED))
    known = contacts(state)
    cosigned: dict[str, int] = {}
    if note is not None:
        for name, party in policy.witnesses.items():
            try:
                at = note.signed_by(party.key)
            except NoteRefused:
                at = None
            if at is not None:
                cosigned[name] = at
    stopped = _stopped(state)
    return Standing(
        log=log,
        origin=None if published is None else published.origin,
        signed=None if signed is None else signed.size,
        published=None if published is None else published.size,
        quorum=policy.quorum,
        witnesses=tuple(
            WitnessStanding(
                name,
                instant(datetime.fromtimestamp(cosigned[name], UTC)) if name in cosigned else None,
                known.get(name, Contact()),
            )
            for name in policy.witnesses
        ),
        stopped=stopped.get("fault"),
        since=stopped.get("since"),
    )


def _stopped(state: Path) -> dict[str, str]:
    try:
        told = json.loads((state / STOPPED).read_bytes())
        return {"fault": str(told["fault"]), "since": str(told["since"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _policy(home: Path) -> Policy:
    try:
        return Policy.parse((home / PUBLISHED / POLICY).read_bytes())
    except (OSError, PolicyFaulty):
        return Policy()


def _note(folder: Path) -> Note | None:
    try:
        return Note.parse((folder / CHECKPOINT).read_bytes())
    except (OSError, NoteRefused):
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _checkpoint(text: str) -> Checkpoint | None:
    try:
        return Checkpoint.parse(text)
    except NoteRefused:
        return None
