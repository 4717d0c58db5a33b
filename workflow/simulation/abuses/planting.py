"""A county lives a year: most of it honest, some of it not, and what is not stands in a manifest."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import cycle
from random import Random

from sqlalchemy import func, select

from workflow.deadlines import SHANGHAI
from workflow.demo.county import settle
from workflow.demo.hands import Simulated
from workflow.demo.manners import DILIGENT, Manners
from workflow.demo.papers import Papers
from workflow.demo.simulate import COMMANDS_A_CASE, County
from workflow.demo.stories import HONEST, Story, choose
from workflow.errors import WorkflowError
from workflow.house import House
from workflow.jobs import run_once
from workflow.simulation.abuses.impossible import IMPOSSIBLE
from workflow.simulation.abuses.manifest import Manifest, Planted
from workflow.simulation.abuses.programme import PROGRAMME, Planting
from workflow.simulation.abuses.scene import NeverCame, Scene
from workflow.simulation.abuses.scripts import Script
from workflow.simulation.throw_away import never_wait_for_the_disk
from workflow.simulation.workers import anything_due
from workflow.store.models import Case

HOURS = (time(0, 5), time(9, 1), time(14))
SETTLING_IN = timedelta(days=45)
"""Until then bills come in that the policy of the year does not cover yet."""
RESERVED = 3  # villages of each township without honest cases


@dataclass(frozen=True, slots=True)
class Ground:
    """How large the county is and how long it lives. `cases`: honest ones. `bulk`: with the abuses that
    need many cases as well.
    """

    cases: int
    townships: int = 8
    villages: int = 6
    first: date = date(2026, 1, 1)
    last: date = date(2026, 12, 31)
    seed: int = 20261122
    hours: tuple[time, ...] = HOURS
    programme: Sequence[Planting] = PROGRAMME
    stories: Sequence[Story] = HONEST
    bulk: bool = True
    manners: Manners = DILIGENT

    @property
    def apart(self) -> int:
        """Townships without an honest case, beside the others."""
        alone = [one for one in self.programme if one.township and self.bulk]
        return sum(one.times + one.near for one in alone)

    @property
    def end(self) -> datetime:
        return datetime.combine(self.last, time(23, 59), SHANGHAI)


@dataclass
class Growing:
    """What has come of a year so far."""

    planted: list[Planted] = field(default_factory=list)
    apart: list[str] = field(default_factory=list)
    made: list[int] = field(default_factory=lambda: [0])
    failed: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Lived:
    """What came of the year. `failed`: scripts that did not come to their end, with the reason."""

    manifest: Manifest
    commands: int
    failed: tuple[str, ...]


def live(house: House, ground: Ground, clock: Simulated, progress: Callable[[int, int], None]) -> Lived:
    """Let an empty house, whose clock is `clock`, live by the ground; nothing of it waits for the disk."""
    never_wait_for_the_disk(house)
    random = Random(ground.seed)  # noqa: S311 — invented data, reproducible
    clock.at = datetime.combine(ground.first, time(), SHANGHAI)
    townships = ground.townships + ground.apart
    posts, villages = settle(house, random, clock.at, townships, ground.villages + RESERVED)
    remote = villages[ground.townships * (ground.villages + RESERVED) :]
    villages = villages[: len(villages) - len(remote)]
    reserved = [village for number, village in enumerate(villages) if _is_reserved(ground, number)]
    honest = [village for village in villages if village not in reserved]
    county = County(
        house, clock, posts, honest, random, manners=ground.manners,
        worker=partial(_work_if_due, house), hours=ground.hours, papers=Papers(house, small=True),
    )  # fmt: skip
    kept = Growing()
    scripts = list(_scripts(county, ground, honest, reserved, remote, kept))
    for begins, name, script in scripts:
        county.at(begins, partial(_go_on, county, script, name, kept.failed))
    stories = [choose(random, ground.stories) for _ in range(ground.cases)]
    more = len(scripts) * COMMANDS_A_CASE
    commands = county.run(stories, ground.first, ground.end, progress, steady=True, more=more)
    with house.reader.connect() as conn:
        cases = conn.scalar(select(func.count()).select_from(Case)) or 0
    manifest = Manifest(kept.planted, kept.apart, cases, IMPOSSIBLE)
    return Lived(manifest, commands, tuple(kept.failed))


def _is_reserved(ground: Ground, number: int) -> bool:
    return number % (ground.villages + RESERVED) >= ground.villages


def _work_if_due(house: House, at: datetime) -> bool:
    """What a worker does that comes when there is something to do, and on the first of every month."""
    if at.astimezone(SHANGHAI).day == 1:
        run_once(house, at)
    while anything_due(house, at) and run_once(house, at).anything:
        pass
    return False


def _scripts(
    county: County,
    ground: Ground,
    honest: Sequence[str],
    reserved: Sequence[str],
    remote: Sequence[str],
    kept: Growing,
) -> Iterator[tuple[datetime, str, Script]]:
    """When each script begins, its name, and the script: each in another township as far as they go."""
    random = Random(ground.seed + 1)  # noqa: S311 — reproducible
    in_turn = _in_turn(honest, ground.villages)
    apart = iter(_in_turn(reserved, RESERVED))
    alone = iter(remote[:: ground.villages + RESERVED])  # one village of each township
    for planting in ground.programme:
        if planting.bulk and not ground.bulk:
            continue
        villages = alone if planting.township else apart if planting.reserved else cycle(in_turn)
        for number in range(planting.times + planting.near):
            near = number >= planting.times
            village = next(villages)
            own = Random(random.random())  # noqa: S311 — reproducible
            kind = planting.script.__name__
            scene = Scene(county, kind, village, own, kept.planted, kept.apart, kept.made)
            length = (ground.last - ground.first - SETTLING_IN).days
            day = ground.first + SETTLING_IN + timedelta(days=int(length * planting.until * random.random()))
            begins = county.officers.office_time(day, 0)
            name = f"{planting.rule} {kind} {number}{' near' if near else ''}"
            yield begins, name, planting.script(scene, number, near)


def _in_turn(villages: Sequence[str], each: int) -> list[str]:
    """One village of every township, then the next of every township, …"""
    return [village for place in range(each) for village in villages[place::each]]


def _go_on(county: County, script: Script, name: str, failed: list[str]) -> None:
    """Let a script do what it does now, and plan when it goes on."""
    try:
        moment = next(script)
    except StopIteration:
        return
    except (NeverCame, WorkflowError, LookupError) as error:
        failed.append(f"{name}: {type(error).__name__}: {error}")
        return
    now = county.hands.clock.at
    county.at(max(moment, now), partial(_go_on, county, script, name, failed))
