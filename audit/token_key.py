"""A signing key on a token (PKCS#11): the module signs, the private half never leaves it.

The file that would hold the key holds two lines instead: the public half as a vkey, and where the private one
lies, as RFC 7512 writes it:

    mingjian/360829/1f2e3d4c+8a6b1c02+AS…
    pkcs11:token=mingjian;object=log?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:log.pin

The PIN comes from a file for its owner alone (beside this one unless the path is absolute) or from the
environment (`pin-source=env:NAME`); it never stands in the address. A PIN that a token has refused is not
given to it again, so that no process locks the token by trying.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from threading import RLock
from typing import Any, Final
from urllib.parse import quote, unquote

from audit.note import SIGNS, Key, NoteRefused
from audit.private import KeyRefused, create_private, read_private

SCHEME: Final = "pkcs11:"
TRIAL: Final = b"mingjian: can this key sign?"
CURVE: Final = "1.3.101.112"
"""Ed25519, as RFC 8410 names it."""
_ABOVE, _BELOW = ("token", "object"), ("module-path", "pin-source")


class TokenRefused(KeyRefused):
    """The token cannot sign now: it is away, its module or PIN is missing or wrong, or it has another key."""


@dataclass(frozen=True, slots=True)
class Place:
    """A key on a token: the module that reaches it, its labels, and where its PIN is kept."""

    module: str
    token: str
    object: str
    pin_source: str

    @classmethod
    def parse(cls, uri: str) -> "Place":
        """Raises NoteRefused: an unknown or missing part, or a PIN in the address."""
        above, _, below = uri.removeprefix(SCHEME).partition("?")
        if not uri.startswith(SCHEME):
            raise NoteRefused(f"a key on a token is written {SCHEME}token=…;object=…?module-path=…")
        found = {}
        for known, given in ((_ABOVE, above.split(";")), (_BELOW, below.split("&"))):
            for part in given:
                name, _, value = part.partition("=")
                if name not in known or name in found or not value:
                    raise NoteRefused(f"{name[:40]!r} is not understood, empty, or said twice in the address")
                found[name] = unquote(value)
        missing = [name for name in (*_ABOVE, *_BELOW) if name not in found]
        if missing:
            raise NoteRefused(f"the address of the token lacks {', '.join(missing)}")
        if found["pin-source"].partition(":")[0] not in ("file", "env"):
            raise NoteRefused("pin-source is file:PATH or env:NAME")
        return cls(found["module-path"], found["token"], found["object"], found["pin-source"])

    def __str__(self) -> str:
        above = f"token={quote(self.token)};object={quote(self.object)}"
        return f"{SCHEME}{above}?module-path={quote(self.module)}&pin-source={quote(self.pin_source, ':/')}"

    def another(self, random: Callable[[int], bytes] = os.urandom) -> "Place":
        """A place for one more key on the same token."""
        return replace(self, object=f"{self.object.partition('-')[0]}-{random(4).hex()}")

    def pin(self, folder: Path) -> str:
        """Raises TokenRefused."""
        kind, _, where = self.pin_source.partition(":")
        if kind == "env":
            if not os.environ.get(where):
                raise TokenRefused(f"the PIN of the token {self.token} is not in the environment ({where})")
            return os.environ[where]
        try:
            return read_private(folder / where).decode().rstrip("\r\n")
        except (KeyRefused, UnicodeDecodeError) as error:
            raise TokenRefused(f"the PIN of the token {self.token}: {error}") from error


class _Tokens:
    """The open sessions of this process: each for one thread at a time, and none outlives a fork."""

    def __init__(self) -> None:
        self.lock = RLock()
        self._process = os.getpid()
        self._sessions: dict[tuple[str, str], Any] = {}
        self._refused: dict[tuple[str, str], bytes] = {}

    def session(self, place: Place, pin: str, writing: bool = False) -> Any:
        """Logged in at the token. Raises TokenRefused, PKCS11Error."""
        here = place.module, place.token
        if self._process != os.getpid() or writing:
            self.begin_anew(place)
        if here not in self._sessions:
            self._sessions[here] = self._open(place, pin, writing)
        return self._sessions[here]

    def begin_anew(self, place: Place) -> None:
        """Let the module look for its tokens again: many see those only that are there when it begins."""
        self._process = os.getpid()
        for here in [one for one in self._sessions if one[0] == place.module]:
            del self._sessions[here]
        _library(place).reinitialize()

    def _open(self, place: Place, pin: str, writing: bool) -> Any:
        pkcs11 = _pkcs11()
        here, digest = (place.module, place.token), sha256(pin.encode()).digest()
        if self._refused.get(here) == digest:
            raise TokenRefused(f"the token {place.token} has refused this PIN; it is not tried again")
        try:
            token = _library(place).get_token(token_label=place.token)
            session = token.open(user_pin=pin, rw=writing)
        except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange) as error:
            self._refused[here] = digest
            raise TokenRefused(f"the token {place.token} refuses the PIN") from error
        except pkcs11.exceptions.PinLocked as error:
            raise TokenRefused(f"the token {place.token} is locked after too many wrong PINs") from error
        self._refused.pop(here, None)
        return session


_tokens = _Tokens()


class TokenSigner:
    """A key on a token, as `audit.note.Signer`. The token is first asked when it is to sign."""

    def __init__(self, key: Key, place: Place, folder: Path) -> None:
        self._key, self.place, self._folder = key, place, folder

    @property
    def key(self) -> Key:
        return self._key

    def sign(self, message: bytes) -> bytes:
        """Raises TokenRefused; nothing is signed then."""
        pkcs11 = _pkcs11()
        with _tokens.lock:
            pin = self.place.pin(self._folder)
            try:
                signature = self._signed(message, pin)
            except pkcs11.PKCS11Error:  # taken out and put back, perhaps: look once more
                try:
                    _tokens.begin_anew(self.place)
                    signature = self._signed(message, pin)
                except pkcs11.PKCS11Error as error:
                    raise TokenRefused(_told(self.place, error)) from error
        if not self._key.verifies(message, signature):
            raise TokenRefused(f"{self.place.object} on the token {self.place.token} is another key")
        return signature

    def _signed(self, message: bytes, pin: str) -> bytes:
        pkcs11 = _pkcs11()
        session = _tokens.session(self.place, pin)
        private = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=self.place.object)
        return bytes(private.sign(message, mechanism=pkcs11.Mechanism.EDDSA))

    @classmethod
    def parse(cls, text: str, folder: Path) -> "TokenSigner":
        """The key that a file names; `folder` is where that file lies. Raises NoteRefused."""
        vkey, _, uri = text.partition("\n")
        return cls(Key.parse(vkey), Place.parse(uri), folder)

    def __str__(self) -> str:
        return f"{self._key.vkey}\n{self.place}"


def create_on_token(path: Path, place: Place, name: str, kind: int = SIGNS) -> None:
    """Let a file name the key at that place of a token; the key is made there unless it is there already.

    Raises TokenRefused, NoteRefused.
    """
    pkcs11 = _pkcs11()
    with _tokens.lock:
        pin = place.pin(path.parent)
        try:
            session = _tokens.session(place, pin, writing=True)
            public = _public_half(session, place)
        except pkcs11.PKCS11Error as error:
            raise TokenRefused(_told(place, error)) from error
        finally:
            _tokens.begin_anew(place)  # what signs from now on may not write to the token
    signer = TokenSigner(Key(name, kind, public), place, path.parent)
    signer.sign(TRIAL)
    create_private(path, lambda: f"{signer}\n".encode())


def _public_half(session: Any, place: Place) -> bytes:
    from pkcs11.util.ec import encode_named_curve_parameters

    pkcs11 = _pkcs11()
    try:
        public = session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=place.object)
    except pkcs11.exceptions.NoSuchKey:
        curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters(CURVE)}
        parameters = session.create_domain_parameters(pkcs11.KeyType.EC_EDWARDS, curve, local=True)
        making = pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN
        public, _ = parameters.generate_keypair(mechanism=making, store=True, label=place.object)
    return bytes(public[pkcs11.Attribute.EC_POINT])[
        -32:
    ]  # without the head of an OCTET STRING, if it has one


def _library(place: Place) -> Any:
    pkcs11 = _pkcs11()
    try:
        return pkcs11.lib(place.module)
    except pkcs11.PKCS11Error as error:
        raise TokenRefused(f"the module {place.module} cannot be loaded: {error}") from error


def _told(place: Place, error: Exception) -> str:
    what = f"{type(error).__name__} {error}".strip()
    return f"{place.object} on the token {place.token} cannot sign: {what}"


def _pkcs11() -> Any:
    """The library, which only those need who have such keys."""
    try:
        import pkcs11
    except ImportError as error:
        raise TokenRefused("a key on a token needs python-pkcs11: pip install 'mingjian[pkcs11]'") from error
    return pkcs11
