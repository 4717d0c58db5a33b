"""An environment apart for what others use. viewflow is AGPL: it is measured, never imported by ours."""

import subprocess
import sys
import venv
from pathlib import Path

PACKAGES = (
    "Django==5.2.19",
    "django-fsm-2==4.2.4",
    "django-simple-history==3.13.0",
    "django-viewflow==2.4.0",
)
NOTE = "packages.txt"


class PeersMissing(Exception):
    """The packages could not be installed; the message is pip's."""


def environment(home: Path) -> Path:
    """The Python of `home`/bench-peers, made and filled if missing: the one use of the network.

    Raises:
        PeersMissing: pip failed.
    """
    folder = home / "bench-peers"
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    note = folder / NOTE
    wanted = "\n".join(PACKAGES)
    if python.exists() and note.exists() and note.read_text(encoding="utf-8") == wanted:
        return python
    folder.parent.mkdir(parents=True, exist_ok=True)
    venv.create(folder, with_pip=True, clear=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 — fixed packages
    if done.returncode != 0:
        raise PeersMissing(done.stderr.strip()[-1000:])
    note.write_text(wanted, encoding="utf-8")
    return python
