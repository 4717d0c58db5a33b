"""A zip file whose bytes depend on its contents alone: sorted names, no times, nothing compressed."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

MANIFEST = "manifest.json"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_UNIX, _READABLE = 3, 0o644 << 16


class Archive:
    """Collects files; one at a time is in memory when they are written."""

    def __init__(self) -> None:
        self._files: dict[str, Callable[[], bytes]] = {}

    def add(self, name: str, content: bytes) -> None:
        self._files[name] = lambda: content

    def add_later(self, name: str, read: Callable[[], bytes]) -> None:
        """A file whose content is asked for when it is written."""
        self._files[name] = read

    def write(self, out: BinaryIO, facts: Mapping[str, Any]) -> None:
        """Write everything and, last, a manifest: `facts`, and the digest and size of each file."""
        listed = {}
        with ZipFile(out, "w", ZIP_STORED) as zipped:
            for name, read in sorted(self._files.items()):
                content = read()
                listed[name] = [hashlib.sha256(content).hexdigest(), len(content)]
                zipped.writestr(_info(name), content)
            manifest = json.dumps({**facts, "files": listed}, sort_keys=True, ensure_ascii=False, indent=1)
            zipped.writestr(_info(MANIFEST), manifest.encode() + b"\n")


def _info(name: str) -> ZipInfo:
    """The same wherever and whenever it is written."""
    info = ZipInfo(name, _LONG_AGO)
    info.create_system, info.external_attr = _UNIX, _READABLE
    return info
