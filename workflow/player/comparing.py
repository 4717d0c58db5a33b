"""Two cases beside each other: the n-th time a step was done in one beside the n-th time in the other."""

from collections.abc import Sequence

from workflow.player.moment import Moment

Pair = tuple[Moment | None, Moment | None]


def align(left: Sequence[Moment], right: Sequence[Moment]) -> list[Pair]:
    """Pairs of moments in the order of both cases; a side that has no such entry there is None."""
    places = {key: place for place, key in enumerate(_turns(right))}
    rows: list[Pair] = []
    done = 0
    for moment, key in zip(left, _turns(left), strict=True):
        other = places.get(key)
        if other is None or other < done:
            rows.append((moment, None))
            continue
        rows += [(None, one) for one in right[done:other]]
        rows.append((moment, right[other]))
        done = other + 1
    return [*rows, *((None, one) for one in right[done:])]


def _turns(moments: Sequence[Moment]) -> list[tuple[str, str, int]]:
    """What each entry is, and the how-manieth of its kind."""
    seen: dict[tuple[str, str], int] = {}
    found = []
    for moment in moments:
        entry = moment.entry
        key = (entry["type"], (entry["task"] or {}).get("node", "")) if entry is not None else ("", "")
        seen[key] = seen.get(key, 0) + 1
        found.append((*key, seen[key]))
    return found
