"""Which keys sign here, where each lies, and whether it can sign now."""

from dataclasses import dataclass
from pathlib import Path

from audit.keyfile import load_signer
from audit.private import KeyRefused
from audit.sequencer import KEY_FILES
from audit.token_key import TRIAL, TokenSigner
from audit.vault import PEN_FILE


@dataclass(frozen=True, slots=True)
class InUse:
    """`where`: the path of the file, or the address on a token; `fault`: why it cannot sign."""

    file: str
    where: str
    vkey: str
    fault: str | None


def in_use(home: Path) -> list[InUse]:
    """The keys of the entries and of the logs, and those before them while both sign. Asks the tokens."""
    paths = [home / PEN_FILE, *(home / "keys" / name for name in KEY_FILES.values())]
    both = [one for path in paths for one in (path, path.with_suffix(".previous"))]
    return [_looked_at(path) for path in both if path.exists() or path in paths]


def _looked_at(path: Path) -> InUse:
    where, vkey = str(path), ""
    try:
        signer = load_signer(path)
        vkey = signer.key.vkey
        if isinstance(signer, TokenSigner):
            where = str(signer.place)
        signer.sign(TRIAL)
    except KeyRefused as error:
        return InUse(path.name, where, vkey, str(error))
    return InUse(path.name, where, vkey, None)
