"""Personal values: a salted commitment in the entry, salt and value encrypted beside it.

Each chain has a data key; the data keys are wrapped by one key-encryption key that lies in a file outside the
database. Destroying a chain's key and rows erases the values and leaves the chain as it was
(`audit.erasing`).
"""

import hmac
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, select

from audit import canonical
from audit.driver import Statement
from audit.keyfile import Pen, create_signer
from audit.note import Key, Signer
from audit.private import KeyRefused, create_private, read_private
from audit.tables import audit_key

KEY_FILE = Path("keys") / "vault.key"
"""Where the key-encryption key lies below the home folder, unless somebody puts it elsewhere."""
PEN_FILE, APPLICATION = Path("keys") / "app.key", "mingjian/application"
"""Where the key lies that signs the entries, and its name."""
KEY_LENGTH = 32
SALT_LENGTH = 32
_NONCE_LENGTH = 12
_LIMIT = 1_048_576
_CACHED = 4_096
_DOMAIN = b"mingjian/v1\x00"
_UNREADABLE = (InvalidTag, ValueError, TypeError, AttributeError)  # altered rows may hold anything

_WRAPPED = Statement("SELECT wrapped FROM audit_key WHERE chain = ?")
_ANY_KEY = select(audit_key.c.chain, audit_key.c.wrapped).limit(1)
_NEW_KEY = Statement("INSERT INTO audit_key (chain, wrapped) VALUES (?, ?)")
_KEEP = Statement("INSERT INTO audit_vault (chain, seq, nonce, sealed) VALUES (?, ?, ?, ?)")
_OPEN = Statement(
    "SELECT k.wrapped, v.nonce, v.sealed FROM audit_vault v JOIN audit_key k ON k.chain = v.chain "
    "WHERE v.chain = ? AND v.seq = ?"
)


class VaultError(Exception):
    """A key file that is missing, open to others or another one, or a row that does not open."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """The commitments of an entry (field → hex) and what the vault has to keep for them."""

    commits: dict[str, str]
    plain: bytes


def commitment(salt: bytes, field: str, value: Any) -> str:
    """HMAC-SHA256 in hex under the salt, over the domain, the field's name and the canonical value."""
    message = _DOMAIN + field.encode("ascii") + b"\x00" + canonical.encode(value, _LIMIT)
    return hmac.digest(salt, message, "sha256").hex()


class Vault:
    """The application's secrets. Seals and opens: `key` is the key-encryption key, 32 bytes; `random` gives n
    unpredictable bytes. `pen` has the key that signs entries; without one they stay unsigned.
    """

    def __init__(
        self, key: bytes, random: Callable[[int], bytes] = os.urandom, pen: Pen | None = None
    ) -> None:
        if len(key) != KEY_LENGTH:
            raise VaultError(f"a key has {KEY_LENGTH} bytes, not {len(key)}")
        self._wrapping = AESGCM(key)
        self._random, self._pen = random, pen
        self._keys: dict[UUID, tuple[bytes, AESGCM]] = {}

    def signer(self) -> Signer | None:
        """The key to sign an entry with. Raises KeyRefused."""
        return None if self._pen is None else self._pen.signer()

    def key(self) -> Key:
        """The public half of that key. Raises KeyRefused, also where there is none."""
        signer = self.signer()
        if signer is None:
            raise KeyRefused("there is no key to sign with")
        return signer.key

    def seal(self, fields: Mapping[str, Any]) -> Sealing:
        """Commit to each value under a fresh salt. Writes nothing."""
        if not fields:
            return Sealing({}, b"")
        salts = self._random(SALT_LENGTH * len(fields))
        commits, openings = {}, {}
        for number, (field, value) in enumerate(fields.items()):
            if not field.isascii():
                raise canonical.CanonicalError(f"the field name {field!a} is not ASCII text")
            salt = salts[number * SALT_LENGTH : (number + 1) * SALT_LENGTH]
            commits[field] = commitment(salt, field, value)
            openings[field] = [salt.hex(), value]
        return Sealing(commits, canonical.encode(openings, _LIMIT))

    def keep(self, conn: Connection, chain: UUID, seq: int, plain: bytes) -> None:
        """Write the encrypted row of one entry, and the chain's key if it has none yet.

        The entry has been written: whoever would erase the chain waits for this transaction.
        """
        nonce = self._random(_NONCE_LENGTH)
        sealed = self._cipher(conn, chain).encrypt(nonce, plain, _place(chain, seq))
        _KEEP.change(conn, chain, seq, nonce, sealed)

    def open(self, conn: Connection, chain: UUID, seq: int) -> dict[str, Any]:
        """The values of one entry by field; empty when there are none. Raises VaultError.

        They are what was sealed there, not yet compared with the entry: `audit.openings` does that.
        """
        row = _OPEN.one(conn, chain, seq)
        if row is None:
            return {}
        return {field: value for field, (_, value) in self.unseal(chain, seq, *row).items()}

    def unseal(
        self, chain: UUID, seq: int, wrapped: bytes, nonce: bytes, sealed: bytes
    ) -> dict[str, tuple[bytes, Any]]:
        """Salt and value of every field in one row of the vault. Raises VaultError when it does not open."""
        cipher = self._known(chain, wrapped) or self._unwrap(chain, wrapped)
        try:
            plain = canonical.decode_strict(cipher.decrypt(nonce, sealed, _place(chain, seq)), _LIMIT)
            return {field: (bytes.fromhex(salt), value) for field, (salt, value) in plain.items()}
        except _UNREADABLE as error:
            raise VaultError(f"the sealed row {seq} of {chain} is altered or belongs elsewhere") from error

    def check(self, conn: Connection) -> None:
        """Make sure, before anything is sealed, that this key is this database's. Raises VaultError."""
        if row := conn.execute(_ANY_KEY).first():
            self._unwrap(*row)

    def _cipher(self, conn: Connection, chain: UUID) -> AESGCM:
        """Under the key that the database holds; one remembered may be of a transaction that was lost."""
        row = _WRAPPED.one(conn, chain)
        if row is None:
            return self._new(conn, chain)
        wrapped = row[0]
        return self._known(chain, wrapped) or self._remember(chain, wrapped, self._unwrap(chain, wrapped))

    def _new(self, conn: Connection, chain: UUID) -> AESGCM:
        data_key, nonce = self._random(KEY_LENGTH), self._random(_NONCE_LENGTH)
        wrapped = nonce + self._wrapping.encrypt(nonce, data_key, _DOMAIN + chain.bytes)
        _NEW_KEY.change(conn, chain, wrapped)
        return self._remember(chain, wrapped, AESGCM(data_key))

    def _remember(self, chain: UUID, wrapped: bytes, cipher: AESGCM) -> AESGCM:
        if len(self._keys) >= _CACHED:
            self._keys.clear()
        self._keys[chain] = wrapped, cipher
        return cipher

    def _known(self, chain: UUID, wrapped: bytes) -> AESGCM | None:
        remembered = self._keys.get(chain)
        return remembered[1] if remembered and remembered[0] == wrapped else None

    def _unwrap(self, chain: UUID, wrapped: bytes) -> AESGCM:
        try:
            return AESGCM(
                self._wrapping.decrypt(
                    wrapped[:_NONCE_LENGTH], wrapped[_NONCE_LENGTH:], _DOMAIN + chain.bytes
                )
            )
        except _UNREADABLE as error:
            raise VaultError(f"the key file does not open the key of {chain}") from error


def _place(chain: UUID, seq: int) -> bytes:
    return _DOMAIN + chain.bytes + seq.to_bytes(8, "big")


def open_vault(home: Path, create: bool = False) -> Vault:
    """The secrets below a home folder; `create` makes the missing ones. Raises VaultError, KeyRefused."""
    pen = Pen(home / PEN_FILE)
    if create:
        if not pen.path.exists():
            create_signer(pen.path, APPLICATION)
        return Vault(load_or_create_key(home / KEY_FILE), pen=pen)
    return Vault(load_key(home / KEY_FILE), pen=pen)


def load_key(path: Path) -> bytes:
    """The 32 bytes of a key file. Raises VaultError when it is missing, damaged or readable by others."""
    try:
        key = read_private(path)
    except KeyRefused as error:
        raise VaultError(str(error)) from error
    if len(key) != KEY_LENGTH:
        raise VaultError(f"{path} holds {len(key)} bytes instead of {KEY_LENGTH}")
    return key


def load_or_create_key(path: Path) -> bytes:
    """The key of a file, made first if it is not there. Two who start at once end with the same key."""
    if not path.exists():
        create_private(path, lambda: os.urandom(KEY_LENGTH))
    return load_key(path)
