"""The stage of one planting: people who move in, bills that arrive, cases that are led by hand.

A planting is a script: a generator that yields the moment at which it goes on, while the county lives its
own life in between. What it does not say itself, diligent people do.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from workflow.actor import SYSTEM, Actor
from workflow.cases.ways import wanted_flow
from workflow.commands import NewPaper, OpenCase, ReportDeath
from workflow.deadlines import SHANGHAI
from workflow.demo.answers import fill
from workflow.demo.hands import NO_PAPERS, Hands
from workflow.demo.simulate import IF_ANYBODY_SPEAKS, County
from workflow.demo.staff import Post
from workflow.demo.stories import Story
from workflow.reads import Reading, log_reading
from workflow.simulation.abuses.hiring import hire, second_seat
from workflow.simulation.abuses.manifest import Planted
from workflow.simulation.abuses.moving_in import Home, import_bills, move_in, recognise
from workflow.simulation.abuses.scripts import Script
from workflow.store.models import Case, CaseLink, Posting, Task, table
from workflow.store.prepared import Prepared

Answers = Mapping[str, str | list[str]]
ORDINARY, FILING, TEMPORARY = "ma_ordinary_county", "ma_basic_check_filing", "ta_temporary"
PLAN, FUGU = "plan-2026", "fugu-temporary"
MORNING = time(8, 40)
AFTER_THE_WORKER = time(0, 10)
MOST_STEPS = 90
TASK = table(Task)
_OPEN = Prepared(
    select(TASK).where(TASK.c.case_id == bindparam("case_id"), TASK.c.done_at.is_(None)).order_by(TASK.c.id)
)


class NeverCame(RuntimeError):
    """A case did not come to the step the script waited for."""


@dataclass
class Scene:
    """Where one planting plays. `kind`: its name; `village`: one without honest cases, where the programme
    says so.
    """

    county: County
    kind: str
    village: str
    random: Random
    planted: list[Planted]
    apart: list[str]
    made: list[int]  # a counter that all scenes share, for numbers of invoices and logins

    @property
    def hands(self) -> Hands:
        return self.county.hands

    @property
    def now(self) -> datetime:
        return self.hands.clock.at

    @property
    def today(self) -> date:
        return self.hands.today

    def number(self) -> int:
        self.made[0] += 1
        return self.made[0]

    # Who

    def posts(self, role: str, office: str = "") -> Sequence[Post]:
        """Who sits at a desk of the village, its township, or an office of the county."""
        county = f"{self.village[:6]}-{office or 'msb'}"
        for org in (self.village, f"{self.village[:9]}000", county):
            if (org, role) in self.county.posts:
                return self.county.posts[org, role]
        raise LookupError(f"nobody is {role} for {self.village}")

    def post(self, role: str, office: str = "") -> Post:
        return self.posts(role, office)[0]

    # When

    def at(self, day: date, hour: time = MORNING) -> datetime:
        return datetime.combine(day, hour, SHANGHAI)

    def after(self, working_days: int, day: date | None = None) -> date:
        """So many working days after a day (today unless given), that day not counted."""
        calendar, found = self.county.house.calendar(), day or self.today
        for _ in range(working_days):
            found += timedelta(days=1)
            while not calendar.is_working(found):
                found += timedelta(days=1)
        return found

    def later(self, **span: float) -> datetime:
        return self.now + timedelta(**span)

    # What

    def home(self, **wishes: Any) -> Home:
        """A household comes onto a roster of the village: see `move_in`."""
        return move_in(self.county.house, self.random, self.village, self.today, self.county.taken, **wishes)

    def recognises(self, home: Home, *, since: date, category: str = "DB") -> None:
        """The head of a registered household comes onto one more roster."""
        recognise(self.county.house, home.head, category, since, self.today)

    def bill(self, home: Home, member: int = 0, **parts: Any) -> int:
        """A settled bill of a member arrives from the insurance: see `import_bills`."""
        return self.bills(home, member, parts)[0]

    def bills(self, home: Home, member: int, *each: Mapping[str, Any]) -> list[int]:
        rows = [{"invoice": f"3608{9_000_000_000 + self.number()}", **parts} for parts in each]
        return import_bills(self.county.house, home.members[member], self.today, rows)

    def opens(
        self,
        home: Home,
        bills: Iterable[int],
        *,
        flow: str = ORDINARY,
        policy: str = PLAN,
        by: Actor | None = None,
        member: int = 0,
        about: "InHand | None" = None,
        **answers: Any,
    ) -> "InHand":
        """An application is registered now, by the village's liaison unless somebody else does it."""
        house = self.county.house
        rules = house.rules()
        row = rules.rulebook.flows[flow] if about or by is SYSTEM else wanted_flow(
            rules, rules.policies[policy], flow
        )  # fmt: skip
        story = Story("planted", 0, {row.form: (answers,)})
        said = fill(rules.rulebook.forms[row.form], {}, story.plan(row.form, 0), self.random, self.today)
        papers = tuple(self.hands.papers.new(kind) for kind in row.papers)
        command = OpenCase(
            flow, policy, home.members[member].id, tuple(bills), said, papers,
            about=None if about is None else about.id,
        )  # fmt: skip
        outcome = self.hands.give(by or self.post("VLIA").actor, command)
        if outcome.case_id is None:
            raise NeverCame(f"{flow} was not opened")
        return self.takes(outcome.case_id, outcome.number, home)

    def takes(self, case_id: UUID, number: str, home: Home) -> "InHand":
        """From now on this planting alone lets the case live."""
        self.county.apart.add(case_id)
        self.apart.append(number)
        return InHand(self, case_id, number, home)

    def ordinary(self, *, by: Actor | None = None, **wishes: Any) -> "InHand":
        """A household with one bill applies in the ordinary way."""
        home = self.home(**wishes)
        return self.opens(home, [self.bill(home)], by=by)

    def temporary(self, home: Home | None = None, member: int = 0, **answers: Any) -> "InHand":
        """A household applies for temporary aid."""
        home = home or self.home()
        return self.opens(home, [], flow=TEMPORARY, policy=FUGU, member=member, **answers)

    def hires(self, role: str, org: str) -> Post:
        """Somebody more sits at a desk."""
        login = f"{role.lower()}-{self.number()}"
        post = hire(self.county.house, self.random, login, role, org, self.now)
        self.county.posts.setdefault((org, role), []).append(post)
        return post

    def newcomer(self, role: str) -> Post:
        """Somebody more at a desk that is there, who does nothing but what the script says."""
        org, login = self.post(role).org, f"{role.lower()}-{self.number()}"
        return hire(self.county.house, self.random, login, role, org, self.now)

    def colleague(self, role: str) -> Post:
        """Somebody more at a desk that is there."""
        return self.hires(role, self.post(role).org)

    def also(self, post: Post, role: str) -> Post:
        """The same person gets a second seat, that of another role of the same office."""
        return second_seat(self.county.house, post, role, self.today)

    def plants(
        self,
        rule: str,
        what: str,
        *cases: "InHand",
        near: bool = False,
        subjects: Iterable[str] = (),
        **facts: Any,
    ) -> None:
        """Write down what has just been done."""
        numbers = tuple(dict.fromkeys(case.number for case in cases))
        self.planted.append(Planted(rule, self.kind, near, what, numbers, tuple(subjects), facts))


@dataclass
class InHand:
    """A case that a script leads."""

    scene: Scene
    id: UUID
    number: str
    home: Home
    answers: dict[str, Answers] = field(default_factory=dict)
    papers: dict[str, Mapping[str, NewPaper]] = field(default_factory=dict)
    doers: dict[str, Post] = field(default_factory=dict)

    def open(self) -> list[Any]:
        """The places where it stands, people's steps first."""
        with self.scene.county.house.reader.connect() as conn:
            rows = _OPEN.all(conn, {"case_id": self.id})
        return sorted(rows, key=lambda row: row.kind != "user")

    def step(self, node: str) -> Any:
        """The row of an open step. Raises NeverCame."""
        for row in self.open():
            if row.node == node:
                return row
        raise NeverCame(f"{self.number} does not stand at {node}")

    def row(self) -> Any:
        with self.scene.county.house.reader.connect() as conn:
            return conn.execute(select(table(Case)).where(Case.id == self.id)).one()

    def reports_death(self, died_on: date) -> None:
        """The village reports that the applicant has died."""
        scene = self.scene
        form = scene.county.house.rules().rulebook.forms["death"]
        answers = fill(form, {}, {"died_on": died_on.isoformat()}, scene.random, scene.today)
        scene.hands.give(scene.post("VLIA").actor, ReportDeath(self.id, answers))

    def postings(self) -> Sequence[Any]:
        """What hangs or has hung in public, the first first."""
        with self.scene.county.house.reader.connect() as conn:
            return conn.execute(
                select(table(Posting)).where(Posting.case_id == self.id).order_by(Posting.id)
            ).all()

    def linked(self, kind: str) -> "InHand":
        """The case that was opened from this one. Raises NeverCame."""
        with self.scene.county.house.reader.connect() as conn:
            found = conn.execute(
                select(Case.id, Case.number)
                .join(CaseLink, CaseLink.case_id == Case.id)
                .where(CaseLink.other_id == self.id, CaseLink.kind == kind)
            ).first()
        if found is None:
            raise NeverCame(f"nothing of kind {kind} was opened from {self.number}")
        return self.scene.takes(found.id, found.number, self.home)

    def does(
        self, node: str, by: Post | None = None, papers: Mapping[str, NewPaper] = NO_PAPERS, **answers: Any
    ) -> None:
        """Somebody does an open step now. Raises NeverCame, and what `handle` raises."""
        scene, task = self.scene, self.step(node)
        case, row = scene.hands.look(self.id, task.id)
        doer = by or self.doers.get(node) or scene.hands.able(case, row)[0]
        story = Story("planted", 0, {node: ({**self.answers.get(node, {}), **answers},)})
        given = {**self.papers.get(node, {}), **papers}
        scene.hands.complete(doer.actor, case, row, story, 0, given)

    def until(self, *nodes: str) -> Script:
        """Diligent people do their work until the case stands at one of these steps; `end`: until it is
        closed. Raises NeverCame.
        """
        for _ in range(MOST_STEPS):
            places = self.open()
            if any(row.node in nodes for row in places) or (not places and "end" in nodes):
                return
            if not places:
                break
            first = places[0]
            if first.kind == "wait" or first.node in IF_ANYBODY_SPEAKS:
                due = (first.due_at or self.scene.now).astimezone(SHANGHAI).date()
                yield self.scene.at(max(due, self.scene.today) + timedelta(days=1), AFTER_THE_WORKER)
                continue
            moment = self.scene.county.officers.moment(first, self.scene.now)
            yield moment or self.scene.later(hours=4)
            if any(row.id == first.id for row in self.open()):
                self.does(first.node)
        raise NeverCame(f"{self.number} never came to {', '.join(nodes)}")

    def comes_to(self, node: str, moment: datetime) -> Script:
        """The case comes to the step, and nothing is done there before the moment."""
        yield from self.until(node)
        yield max(moment, self.scene.later(minutes=1))

    def is_read(self, post: Post, what: str = "task") -> None:
        """Somebody opens the file: the page is written down in the log of reads."""
        scene = self.scene
        log_reading(
            scene.county.house, post.actor, Reading(what, self.id), scene.now, f"read{scene.number()}"
        )


Leading = Generator[datetime, None, tuple[InHand, InHand]]
"""A script that hands two cases on."""
