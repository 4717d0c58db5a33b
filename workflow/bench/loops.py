"""Does a case that has gone in circles for a long time cost more? One case, sent back again and again."""

import statistics
from collections.abc import Callable
from typing import Any
from uuid import UUID

from workflow.bench.databases import fresh
from workflow.bench.drive import LOOP, Driver
from workflow.bench.ground import lay, open_bench_house
from workflow.bench.rivals.pace import Pace

TURNS = 9
LEVELS = (0, 100, 1_000)


def measure(levels: tuple[int, ...], probe: int, told: Callable[[int], None]) -> dict[str, Any]:
    """What a transition costs after so many loops, against new cases measured in turns with it.

    At each level `probe` loops of the old case and of a new one take turns, so that a busy moment of the
    machine meets both. `ratio`: CPU of the old case over that of the new one, median over the turns.
    """
    with fresh() as place:
        ground = lay(place.url, place.home, 2 + len(levels) * TURNS)
        house = open_bench_house(place.url, place.home, product=False)
        try:
            driver = Driver(house, ground)
            _loops(driver, driver.open(Pace(), LOOP, 0), 2 * probe)  # warm
            old, done, number = driver.open(Pace(), LOOP, 1), 0, 2
            found = []
            for level in levels:
                while done < level:
                    driver.loop(Pace(), old)
                    done += 1
                    told(done)
                turns = []
                for _ in range(TURNS):
                    new = driver.open(Pace(), LOOP, number)
                    turns.append((_loops(driver, new, probe), _loops(driver, old, probe)))
                    done, number = done + probe, number + 1
                found.append(_level(level, turns))
        finally:
            house.close()
    return {"levels": found, "worst_ratio": max(one["ratio"] for one in found)}


def _loops(driver: Driver, case_id: UUID, times: int) -> Pace:
    pace = Pace()
    for _ in range(times):
        driver.loop(pace, case_id)
    return pace


def _level(loops: int, turns: list[tuple[Pace, Pace]]) -> dict[str, Any]:
    def middle(paces: list[Pace]) -> float:
        return round(statistics.median(1000 * pace.cpu / len(pace.seconds) for pace in paces), 4)

    return {
        "loops": loops,
        "cpu_ms": middle([old for _, old in turns]),
        "new_case_cpu_ms": middle([new for new, _ in turns]),
        "ratio": round(statistics.median(old.cpu / new.cpu for new, old in turns), 3),
    }
