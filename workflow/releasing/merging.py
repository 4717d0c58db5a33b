"""Bring the changes of one rule book into another, file by file; nothing inside a file is ever mixed."""

from collections.abc import Mapping
from dataclasses import dataclass

Manifest = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Merged:
    """The outcome: `manifest` (path → sha256), and the paths that both sides had changed differently.

    For those the version in force is kept.
    """

    manifest: dict[str, str]
    both: tuple[str, ...]


def changed(old: Manifest, new: Manifest) -> list[str]:
    """Paths that were added, changed or taken away."""
    return sorted(path for path in {*old, *new} if old.get(path) != new.get(path))


def merge(origin: Manifest, theirs: Manifest, ours: Manifest) -> Merged:
    """What changed from `origin` to `theirs`, done to `ours`, which goes back to `origin` as well."""
    result, both = dict(ours), []
    for path in changed(origin, theirs):
        wanted, here = theirs.get(path), ours.get(path)
        if here == wanted:
            continue
        if here != origin.get(path):
            both.append(path)
        elif wanted is None:
            del result[path]
        else:
            result[path] = wanted
    return Merged(dict(sorted(result.items())), tuple(both))
