"""Passwords and tokens of the channels: in the environment or in the folder of keys, and nowhere else."""

import os
import re
from pathlib import Path
from typing import Final

FOLDER: Final = "secrets"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


class SecretMissing(LookupError):
    """Neither the environment nor the folder of keys has it. The text names the secret, not its value."""


def secret(home: Path, name: str) -> str:
    """The secret of that name: `$MINGJIAN_SECRET_NAME`, else the file `keys/secrets/name` in the home folder.

    Raises:
        SecretMissing
    """
    if not _NAME.fullmatch(name):
        raise SecretMissing(name)
    given = os.environ.get(f"MINGJIAN_SECRET_{name.upper()}")
    if given:
        return given
    path = home / "keys" / FOLDER / name
    try:
        text = path.read_text("utf-8").strip()
    except OSError as error:
        raise SecretMissing(name) from error
    if not text:
        raise SecretMissing(name)
    return text
