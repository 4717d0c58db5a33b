"""Officers on leave: most name somebody who stands in (SD-10), the others forget, and their desk is empty.

Who stands in is on the desk's list from the first day to the last, as a person of their own; where they may
not do a step, it waits for the holder.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any

from workflow.commands import Command
from workflow.deadlines import SHANGHAI
from workflow.demo.simulate import County
from workflow.demo.staff import Post
from workflow.errors import AnswersRefused
from workflow.leave_commands import EndLeave, TakeLeave
from workflow.substituting import candidates, seat_of

Desk = tuple[str, str]
"""Office and role."""
DAY = timedelta(days=1)
ON_LEAVE, FORGETS, BACK_EARLY = 0.6, 0.3, 0.2
LENGTHS = (7, 21)  # days
AHEAD = 6  # days before, at most, on which the leave is registered
ASIDE = frozenset({"TINV", "VLIA", "VHEAD", "SUP", "ARCH", "PUB", "REVW", "DEPT"})
"""Who has no signature of their own in the same cases, or a colleague for it: people ask them first."""


@dataclass
class Leaves:
    """Everybody's leave between two days. `away`: the desks that are empty; `told`: leaves registered."""

    county: County
    random: Random
    away: dict[Desk, tuple[date, date]]
    told: int = 0
    _stands: dict[int, Post] = field(default_factory=dict)
    """Seat on leave → the post that stands for it."""

    def plan(self, posts: Iterable[Post], first: date, last: date) -> None:
        """Some go, and say so some days before; some of these are back before the last day."""
        for post in posts:
            if self.random.random() >= ON_LEAVE:
                continue
            begins = first + timedelta(
                days=self.random.randint(AHEAD + 1, max(AHEAD + 1, (last - first).days))
            )
            ends = begins + timedelta(days=self.random.randint(*LENGTHS) - 1)
            if self.random.random() < FORGETS:
                self._leave_empty(post, begins, ends)
                continue
            said = self.county.officers.office_time(begins - timedelta(days=self.random.randint(1, AHEAD)), 0)
            if said.astimezone(SHANGHAI).date() <= begins:
                self.county.at(said, partial(self._register, post, begins, ends))

    def _leave_empty(self, post: Post, begins: date, ends: date) -> None:
        """Nobody is named. A colleague at the same desk goes on, alone nobody does anything there."""
        if len(self.county.posts.get((post.org, post.role), ())) < 2:
            self.away[post.org, post.role] = (begins, ends)
        else:
            self.county.at(_midnight(begins), partial(self._replace, post, None))
            self.county.at(_midnight(ends + DAY), partial(self._return, post))

    def _register(self, post: Post, begins: date, ends: date) -> None:
        """The holder names somebody. Whoever stands in for others on these days stays at work."""
        with self.county.house.reader.connect() as conn:
            offered = candidates(conn, seat_of(conn, post.seat_id), begins, ends)
        chosen = self._choose(post, offered)
        if chosen is None:
            self._leave_empty(post, begins, ends)
            return
        try:
            made = self._give(post, TakeLeave(post.seat_id, chosen.id, begins, ends, self._reason()))
        except AnswersRefused:
            return
        self.told += 1
        stands = Post(
            post.login, chosen.name, post.role, post.org, post.org_name, chosen.account_id, made,
            stands_for=post.seat_id, on_behalf=post.account_id,
        )  # fmt: skip
        self.county.at(_midnight(begins), partial(self._stand_in, post, stands, ends))
        self.county.at(_midnight(ends + DAY), partial(self._return, post))
        if self.random.random() < BACK_EARLY:
            back = self.county.officers.office_time(begins + (ends - begins) // 2, 0)
            if back.astimezone(SHANGHAI).date() <= ends:
                self.county.at(back, partial(self._come_back, post, made))

    def _choose(self, post: Post, offered: Iterable[Any]) -> Any | None:
        """A colleague of the same post, else somebody with no part in the cases, else anybody."""
        offered = list(offered)
        same = [one for one in offered if one.role == post.role]
        aside = [one for one in offered if one.role in ASIDE]
        chosen = same or aside or offered
        return self.random.choice(chosen) if chosen else None

    def _reason(self) -> str:
        return self.random.choice(("leave", "leave", "sick", "training"))

    def _give(self, post: Post, command: Command) -> int:
        return int(self.county.hands.give(post.actor, command).number)

    def _stand_in(self, post: Post, stands: Post, ends: date) -> None:
        self._stands[post.seat_id] = stands
        self.county.back[post.org, post.role] = ends
        self._replace(post, stands)

    def _replace(self, post: Post, stands: Post | None) -> None:
        there = self.county.posts.get((post.org, post.role), [])
        left = [one for one in (stands if held == post else held for held in there) if one is not None]
        there[:] = left or there

    def _come_back(self, post: Post, substitution: int) -> None:
        """In the middle of the leave; from then on the holder acts again."""
        self._give(post, EndLeave(substitution))
        self._return(post)

    def _return(self, post: Post) -> None:
        """The day after the last, or earlier; once."""
        there = self.county.posts.get((post.org, post.role))
        if there is None or post in there:
            return
        stands = self._stands.pop(post.seat_id, None)
        self.county.back.pop((post.org, post.role), None)
        if stands in there:
            there[there.index(stands)] = post
        else:
            there.append(post)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)
