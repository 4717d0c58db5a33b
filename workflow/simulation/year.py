"""A county lives from one day to another: people come, officers work or do not, workers watch the limits."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from random import Random

from workflow.deadlines import SHANGHAI
from workflow.demo.county import settle
from workflow.demo.hands import Simulated
from workflow.demo.manners import Manners
from workflow.demo.simulate import County
from workflow.demo.staff import Post
from workflow.demo.stories import STORIES, Story, choose
from workflow.house import House
from workflow.register.seats import end_seat
from workflow.simulation.leaves import Leaves
from workflow.simulation.overseers import Overseers
from workflow.simulation.verdict import Round
from workflow.simulation.workers import Workers
from workflow.store import transaction

HOURS = (time(0, 5), time(9, 1), time(11), time(14), time(16, 31), time(18))
"""When a worker looks: often enough for limits of two hours, and at the end of every day."""
SEED = 20261122
SLOW = Manners(
    days=(0, 1, 2, 3, 5, 8, 12, 20), weights=(26, 26, 16, 12, 8, 6, 4, 2), forgets=0.05, never=0.01
)
COMMANDS_A_CASE = 16  # where much lies about; for the progress bar alone
VACANT = "SUP"
"""The seat of the last township's supervisor that nobody holds in the second half of the time."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How large the county is, how long it lives, and by what seed. `hours`: when a worker comes each day.

    After the shares `killed` and `together` of the time a worker is killed in its round, or several come.
    """

    cases: int
    townships: int = 8
    villages: int = 6
    first: date = date(2026, 1, 1)
    last: date = date(2026, 12, 31)
    seed: int = SEED
    hours: tuple[time, ...] = HOURS
    stories: tuple[Story, ...] = STORIES
    killed: tuple[float, ...] = (0.3, 0.7)
    together: tuple[float, ...] = (0.55, 0.8)

    @property
    def end(self) -> datetime:
        return datetime.combine(self.last, time(23, 59), SHANGHAI)

    def day(self, share: float) -> date:
        """The day after that share of the time."""
        return self.first + timedelta(days=int((self.last - self.first).days * share))


@dataclass(frozen=True, slots=True)
class Lived:
    """What the judge is told of a year, and how much was done in it. `leaves`: with somebody who stood in."""

    rounds: tuple[Round, ...]
    commands: int
    leaves: int
    extended: int


def live(house: House, plan: Plan, clock: Simulated, progress: Callable[[int, int], None]) -> Lived:
    """Let an empty house, whose clock is `clock`, live by the plan."""
    random = Random(plan.seed)  # noqa: S311 — invented data, reproducible
    clock.at = datetime.combine(plan.first, time(), SHANGHAI)
    posts, villages = settle(house, random, clock.at, plan.townships, plan.villages)
    vacant = _leave_vacant(house, posts, plan.day(0.5))
    workers = Workers(
        house,
        down=(plan.day(0.4), plan.day(0.4) + timedelta(days=6)),
        killed=frozenset(map(plan.day, plan.killed)),
        together=frozenset(map(plan.day, plan.together)),
    )
    away: dict[tuple[str, str], tuple[date, date]] = {}
    county = County(
        house, clock, posts, villages, random,
        manners=SLOW, away=away, worker=workers, hours=plan.hours,
    )  # fmt: skip
    leaving = datetime.combine(plan.day(0.5) + timedelta(days=1), time(), SHANGHAI)
    county.at(leaving, partial(county.posts.__delitem__, (vacant.org, vacant.role)))
    leaves, overseers = Leaves(county, random, away), Overseers(county, random, away)
    leaves.plan(posts, plan.first, plan.last)
    overseers.plan(plan.first, plan.last)
    stories = list(_told(plan, random))
    commands = county.run(stories, plan.first, plan.end, progress, each=COMMANDS_A_CASE)
    return Lived(tuple(workers.rounds), commands, leaves.told, overseers.extended)


def _told(plan: Plan, random: Random) -> Iterator[Story]:
    """Every story once, as far as the number goes, then by weight."""
    yield from plan.stories[: plan.cases]
    for _ in range(plan.cases - len(plan.stories)):
        yield choose(random, plan.stories)


def _leave_vacant(house: House, posts: list[Post], last_day: date) -> Post:
    seat = [
        post for post in posts if post.role == VACANT and post.org.isdigit() and post.org.endswith("000")
    ][-1]
    with transaction(house.engine) as conn:
        end_seat(conn, seat.seat_id, last_day)
    return seat
