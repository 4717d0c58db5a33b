"""The two ways to a witness: over HTTP, and by files that somebody carries."""

import re
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit
from urllib.request import Request as Call
from urllib.request import urlopen

from audit.note import Note, NoteRefused, parse_signatures
from audit.policy import Party
from audit.publishing import Behind, Contradiction
from audit.tiles import Folder, Tree
from audit.witness.asking import Request

_SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\n?")
_MOST_ANSWERED = 65_536
_KEPT = 8


class NotSigned(Exception):
    """The witness did not sign, or did not answer. The text says why, in a few words."""


def over_http(party: Party, note: Note, tree: Tree, size: int, seconds: float) -> tuple[Note, int]:
    """The note with the witness's signature, and the size it has signed.

    `size` is where we think it stands; it knows better and says so. Raises NotSigned, Behind, Contradiction.
    """
    _compared(party, size, -1, tree)
    for _ in range(3):
        status, body = _post(f"{str(party.url).rstrip('/')}/add-checkpoint", _body(note, tree, size), seconds)
        if status == 200:
            return signed(party, note, body), tree.size
        said = _SIZE.fullmatch(body) if status == 409 else None
        if said is None:
            raise NotSigned(f"{status} {body[:80].strip()}")
        size = _compared(party, int(said[1]), size, tree)
    raise NotSigned("it names another size each time")


def _compared(party: Party, theirs: int, ours: int, tree: Tree) -> int:
    if theirs > tree.size:
        raise Behind(f"{party.key.name} has signed {theirs} entries, here are {tree.size}")
    if theirs == ours == tree.size:
        raise Contradiction(f"{party.key.name} has signed another tree of {theirs} entries")
    return theirs


def _body(note: Note, tree: Tree, size: int) -> bytes:
    proof = tree.consistency(size) if 0 < size < tree.size else []
    return bytes(Request(size, tuple(proof), note))


def signed(party: Party, note: Note, body: str) -> Note:
    """The note with the witness's own signature out of its answer. Raises NotSigned."""
    try:
        lines = [line for line in parse_signatures(body) if line.by(party.key)]
        whole = note.adding(lines)
        if whole.signed_by(party.key) is None:
            raise NotSigned("it signed with another key")
    except NoteRefused as error:
        raise NotSigned(str(error)) from error
    return whole


def _post(url: str, body: bytes, seconds: float) -> tuple[int, str]:
    if not url.startswith(("http://", "https://")):
        raise NotSigned("not an address of a witness")
    try:
        try:
            answer = urlopen(Call(url, body, method="POST"), timeout=seconds)  # noqa: S310 - see above
        except HTTPError as refusal:  # an answer too: its status and its words count
            answer = refusal
        with answer:
            return answer.status, answer.read(_MOST_ANSWERED).decode("utf-8", "replace")
    except (HTTPException, OSError, ValueError) as error:
        raise NotSigned(f"{type(error).__name__}: {error}"[:120]) from error


class ByFile:
    """A folder with `<log>.request`, which somebody carries to the witness, and `<log>.response`.

    Copies of the last requests are kept in `state`: the answer may be to one that has left already.
    """

    def __init__(self, party: Party, state: Folder) -> None:
        self.party, self.state = party, state
        self.spool = Path(unquote(urlsplit(str(party.url)).path))

    def fetch(self) -> tuple[Note, int] | None:
        """A note that this witness has signed, perhaps an older one, and its size; None without an answer.

        Raises NotSigned when there is an answer of another kind. It is taken away either way.
        """
        response = self.spool / f"{self._name}.response"
        try:
            body = response.read_bytes()[:_MOST_ANSWERED].decode("utf-8", "replace")
        except FileNotFoundError:
            return None
        response.unlink()
        return self._matching(body)

    def leave(self, note: Note, tree: Tree, size: int) -> None:
        """Leave a request, unless one is there. Raises OSError."""
        path = self.spool / f"{self._name}.request"
        if path.exists():
            return
        body = _body(note, tree, size)
        self.state.write(self.state.root / "asked" / f"{self._name}-{tree.size}", body)
        self.state.settle()
        for old in self._asked()[:-_KEPT]:
            old.unlink()
        spool = Folder(self.spool)
        spool.write(path, body)
        spool.settle()

    def _matching(self, body: str) -> tuple[Note, int]:
        reason = NotSigned(body[:80].strip() or "an empty answer")
        for path in reversed(self._asked()):
            asked = Request.parse(path.read_bytes())
            try:
                found = signed(self.party, asked.note, body)
            except NotSigned as error:
                reason = error if body.startswith("—") else reason
                continue
            (self.spool / f"{self._name}.request").unlink(missing_ok=True)
            return found, asked.checkpoint.size
        said = _SIZE.fullmatch(body)
        if said is not None:
            (self.spool / f"{self._name}.request").unlink(missing_ok=True)
            raise Stands(int(said[1]))
        raise reason

    def _asked(self) -> list[Path]:
        sizes = {}
        for path in (self.state.root / "asked").glob("*"):
            name, _, size = path.name.rpartition("-")
            if name == self._name and size.isdecimal():
                sizes[path] = int(size)
        return sorted(sizes, key=lambda path: sizes[path])

    @property
    def _name(self) -> str:
        return f"{self.party.key.name}-{self.state.root.name}".replace("/", "_")


class Stands(Exception):
    """The witness says at which size it stands: the next request begins there."""

    def __init__(self, size: int) -> None:
        super().__init__(f"it stands at {size}")
        self.size = size
