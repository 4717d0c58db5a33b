"""Our own program among the contenders: `python -m workflow.bench.ours`, one client of the service."""

import argparse
from pathlib import Path

from workflow.bench.drive import Driver
from workflow.bench.ground import open_bench_house, read
from workflow.bench.rivals.pace import Pace, race
from workflow.staying import stay


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--database")
    parser.add_argument("--whole", action="store_true", help="the flow F01 instead of the short process")
    parser.add_argument("--cases", type=int, default=1)
    parser.add_argument("--warm", type=int, default=2)
    parser.add_argument("--worker", type=int, default=0)
    told = parser.parse_args()
    house = open_bench_house(told.database, told.home, product=told.whole)
    ground = read(told.home)
    driver = Driver(house, ground)
    first = told.worker * (told.cases + told.warm)

    def one(pace: Pace, number: int) -> None:
        applicant = first + number
        if told.whole:
            driver.whole(pace, applicant)
        else:
            driver.straight(pace, applicant)

    stay()  # as `mingjian serve` does
    race(told.cases, told.warm, one)
    house.close()


if __name__ == "__main__":
    main()
