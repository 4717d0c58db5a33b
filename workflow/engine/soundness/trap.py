"""Which markings lead to others, and which sets of markings are never left again."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def coming_from(ends: Iterable[T], after: Mapping[T, Sequence[T]]) -> set[T]:
    """Everything from which one of ``ends`` can be reached."""
    before: dict[T, list[T]] = {}
    for one, others in after.items():
        for other in others:
            before.setdefault(other, []).append(one)
    found: set[T] = set()
    todo = list(ends)
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += before.get(one, ())
    return found


def bottoms(among: Collection[T], after: Mapping[T, Sequence[T]]) -> list[set[T]]:
    """The strongly connected sets that nothing leads out of (Tarjan, without recursion)."""
    members = set(among)
    number: dict[T, int] = {}
    low: dict[T, int] = {}
    stack: list[T] = []
    on_stack: set[T] = set()
    found: list[set[T]] = []
    for root in among:
        if root in number:
            continue
        work = [(root, iter([one for one in after.get(root, ()) if one in members]))]
        number[root] = low[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        while work:
            one, others = work[-1]
            following = next(others, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[one])
                if low[one] == number[one]:
                    part: set[T] = set()
                    while one not in part:
                        last = stack.pop()
                        on_stack.discard(last)
                        part.add(last)
                    if all(other in part for each in part for other in after.get(each, ())):
                        found.append(part)
            elif following not in number:
                number[following] = low[following] = len(number)
                stack.append(following)
                on_stack.add(following)
                work.append((following, iter([x for x in after.get(following, ()) if x in members])))
            elif following in on_stack:
                low[one] = min(low[one], number[following])
    return found
