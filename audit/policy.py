"""Whose signatures make a checkpoint count (c2sp.org/tlog-policy).

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <name>…
    quorum none|<name>

Lines that begin with # are comments. A log's key bears the log's origin as its name.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from audit.checkpoint import Checkpoint
from audit.note import COSIGNS, SIGNS, Key, Note, NoteRefused

NONE = "none"
_UNPRINTABLE = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_MOST_BYTES = 262_144


class PolicyFaulty(ValueError):
    """A policy file that does not say what it should."""


class NotSupported(ValueError):
    """A checkpoint that the policy does not accept: not the log's, or too few witnesses have signed it."""


@dataclass(frozen=True, slots=True)
class Party:
    """A log or a witness: its key and where it answers, if the policy says so."""

    key: Key
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """An accepted checkpoint; `cosigned` gives the POSIX time at which each witness signed it."""

    checkpoint: Checkpoint
    note: Note
    cosigned: Mapping[str, int]


@dataclass(slots=True)
class Policy:
    """`groups`: name → how many of which members. `quorum` names a witness, a group, or none."""

    logs: list[Party] = field(default_factory=list)
    witnesses: dict[str, Party] = field(default_factory=dict)
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str = ""

    @classmethod
    def parse(cls, content: bytes) -> "Policy":
        """The policy in a file. Raises PolicyFaulty, which names the line."""
        if len(content) > _MOST_BYTES or _UNPRINTABLE.search(content):
            raise PolicyFaulty("the file is too long or holds control characters")
        policy, used = cls(), set[str]()
        for number, line in enumerate(content.decode("utf-8", "surrogateescape").split("\n"), 1):
            words = [word for word in re.split("[ \t]+", line) if word]
            if not words or words[0].startswith("#"):
                continue
            try:
                policy._take(words, used)
            except (NoteRefused, ValueError) as error:
                raise PolicyFaulty(f"line {number}: {error}") from error
        if not policy.quorum:
            raise PolicyFaulty("there is no quorum line")
        return policy

    def _take(self, words: list[str], used: set[str]) -> None:
        match words:
            case ["log", vkey, *url] if len(url) < 2:
                self.logs.append(_party(vkey, url, SIGNS, self.logs))
            case ["witness", name, vkey, *url] if len(url) < 2:
                self._new(name)
                self.witnesses[name] = _party(vkey, url, COSIGNS, self.witnesses.values())
            case ["group", name, count, *members] if members:
                self._new(name)
                for member in members:
                    self._known(member)
                    if member in used:
                        raise ValueError(f"{member} stands in two groups")
                    used.add(member)
                self.groups[name] = _threshold(count, len(members)), tuple(members)
            case ["quorum", name] if not self.quorum:
                if name != NONE:
                    self._known(name)
                self.quorum = name
            case _:
                raise ValueError(f"not understood: {' '.join(words)[:80]}")

    def _new(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise ValueError(f"the name {name} is taken")

    def _known(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise ValueError(f"{name} is not defined above")

    def satisfied(self, cosigned: Collection[str], name: str | None = None) -> bool:
        """Whether these witnesses are enough for the quorum."""
        name = name or self.quorum
        if name == NONE or name in self.witnesses:
            return name == NONE or name in cosigned
        needed, members = self.groups[name]
        return sum(self.satisfied(cosigned, member) for member in members) >= needed

    def cosigned(self, note: Note) -> dict[str, int]:
        """The witnesses that have signed a note, and when (POSIX). Raises NoteRefused for a forged line."""
        times = {name: note.signed_by(party.key) for name, party in self.witnesses.items()}
        return {name: at for name, at in times.items() if at is not None}

    def check(self, encoded: bytes) -> Seen:
        """The checkpoint of a note that this policy accepts. Raises NoteRefused, NotSupported."""
        note = Note.parse(encoded)
        checkpoint = Checkpoint.parse(note.text)
        ours = [party.key for party in self.logs if party.key.name == checkpoint.origin]
        if not ours:
            raise NotSupported(f"the policy knows no log {checkpoint.origin}")
        if all(note.signed_by(key) is None for key in ours):
            raise NotSupported(f"not signed by {checkpoint.origin}")
        cosigned = self.cosigned(note)
        if not self.satisfied(cosigned):
            raise NotSupported(f"cosigned by {', '.join(sorted(cosigned)) or 'nobody'}: no quorum")
        return Seen(checkpoint, note, cosigned)


def _party(vkey: str, url: list[str], kind: int, known: Collection[Party]) -> Party:
    key = Key.parse(vkey)
    if key.kind != kind:
        raise ValueError(f"{key.name} has the key of a {'witness' if key.kind == COSIGNS else 'log'}")
    if any(party.key.public == key.public for party in known):
        raise ValueError(f"the key of {key.name} is listed twice")
    return Party(key, *url)


def _threshold(count: str, members: int) -> int:
    if count in ("all", "any"):
        return members if count == "all" else 1
    if not re.fullmatch("[1-9][0-9]{0,3}", count) or int(count) > members:
        raise ValueError(f"{count} of {members} cannot be")
    return int(count)
