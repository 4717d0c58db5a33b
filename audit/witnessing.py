"""Ask the witnesses of the policy to cosign a checkpoint, and remember who answers.

A witness line of the policy says where: `https://…/` (the submission prefix of c2sp.org/tlog-witness), or
`file:///a/folder` for one that is reached by a stick: see `audit.reaching`. A witness without an address is
not asked. Whoever does not answer is asked again after 1, 2, 4 … 60 seconds.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from audit.entry import instant
from audit.note import Note
from audit.policy import Party, Policy
from audit.publishing import Behind, Contradiction
from audit.reaching import ByFile, NotSigned, Stands, over_http
from audit.tiles import Folder, Tree

SECONDS = 3.0
LONGEST_WAIT = 60
WRITTEN_EVERY = timedelta(seconds=60)
FILE = "witnesses.json"


@dataclass(frozen=True, slots=True)
class Contact:
    """What is known of one witness for one log. Times are texts in UTC (`audit.entry.instant`).

    `size`: how large the log was when it last signed, at `good_at`; `bad_since`: since when it has not
    signed although it was asked, None while it does; `reason`: why; `tries`: how often since then.
    """

    size: int = 0
    good_at: str | None = None
    bad_since: str | None = None
    reason: str = ""
    tries: int = 0


def contacts(state: Path) -> dict[str, Contact]:
    """By the name in the policy, what a log's state folder remembers; nothing if it is not readable."""
    try:
        return {name: Contact(**one) for name, one in json.loads((state / FILE).read_bytes()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


class AskedWitnesses:
    """The witnesses of one log. `state` is the log's own folder of the office's memory."""

    def __init__(self, state: Folder, now: Callable[[], datetime], *, seconds: float = SECONDS) -> None:
        self.state, self.now, self.seconds = state, now, seconds
        self.contacts = contacts(state.root)
        self._again: dict[str, datetime] = {}
        self._written = now() - WRITTEN_EVERY

    def ask(self, policy: Policy, note: Note, tree: Tree) -> list[Note]:
        """This note with the signatures that came in time, first; then older ones signed meanwhile.

        Raises Behind when a witness has signed a larger log, Contradiction when it has signed another one of
        this size, OSError.
        """
        now, before = self.now(), dict(self.contacts)
        wanted = {
            name: party
            for name, party in policy.witnesses.items()
            if party.url is not None and self._again.get(name, now) <= now
        }
        carried = {name: party for name, party in wanted.items() if str(party.url).startswith("file:")}
        try:
            note = self._online({name: wanted[name] for name in wanted.keys() - carried.keys()}, note, tree)
            older = []
            for name, party in carried.items():
                answered = self._by_file(name, party, note, tree)
                if answered is not None and answered.text == note.text:
                    note = note.adding(answered.signatures)
                elif answered is not None:
                    older.append(answered)
        finally:
            self._remember(before)
        return [note, *older]

    def _online(self, wanted: dict[str, Party], note: Note, tree: Tree) -> Note:
        if not wanted:
            return note
        with ThreadPoolExecutor(len(wanted)) as several:
            asked = {
                name: several.submit(over_http, party, note, tree, self._size(name), self.seconds)
                for name, party in wanted.items()
            }
        whole = note
        for name, answer in asked.items():
            try:
                found, size = answer.result()
            except NotSigned as error:
                self._failed(name, str(error))
            except (Behind, Contradiction) as error:
                self._failed(name, str(error))
                raise
            else:
                self._heard(name, size)
                whole = whole.adding(found.signatures)
        return whole

    def _by_file(self, name: str, party: Party, note: Note, tree: Tree) -> Note | None:
        way, found = ByFile(party, self.state), None
        try:
            answered = way.fetch()
            if answered is not None:
                found, size = answered
                self._heard(name, max(size, self._size(name)))
        except NotSigned as error:
            self._failed(name, str(error))
        except Stands as stands:
            if stands.size > tree.size:
                raise Behind(f"{party.key.name}: {stands}, here are {tree.size} entries") from stands
            self.contacts[name] = replace(self._contact(name), size=stands.size)
        if self._size(name) < tree.size:
            way.leave(note, tree, self._size(name))
        return found

    def _contact(self, name: str) -> Contact:
        return self.contacts.get(name, Contact())

    def _size(self, name: str) -> int:
        return self._contact(name).size

    def _heard(self, name: str, size: int) -> None:
        self.contacts[name] = Contact(size, instant(self.now()))
        self._again.pop(name, None)

    def _failed(self, name: str, reason: str) -> None:
        contact, now = self._contact(name), self.now()
        self.contacts[name] = replace(
            contact,
            bad_since=contact.bad_since or instant(now),
            reason=reason,
            tries=contact.tries + 1,
        )
        self._again[name] = now + timedelta(seconds=min(LONGEST_WAIT, 2**contact.tries))

    def _remember(self, before: dict[str, Contact]) -> None:
        """At once when a witness goes away or comes back, otherwise once a minute."""
        changed = {name: one.bad_since for name, one in before.items()} != {
            name: one.bad_since for name, one in self.contacts.items()
        }
        if changed or (self.contacts != before and self.now() - self._written >= WRITTEN_EVERY):
            told = {name: asdict(contact) for name, contact in self.contacts.items()}
            self.state.write(self.state.root / FILE, json.dumps(told, indent=1).encode())
            self.state.settle()
            self._written = self.now()
