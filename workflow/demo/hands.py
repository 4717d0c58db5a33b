"""Steps done by the people who do them: answers as they stand on the papers, and the papers themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import bindparam, select

from workflow import engine
from workflow.actor import Actor
from workflow.cases import eligibility
from workflow.commands import Command, CompleteTask, NewPaper
from workflow.deadlines import SHANGHAI
from workflow.demo.answers import fill
from workflow.demo.papers import Papers
from workflow.demo.staff import Post
from workflow.demo.stories import REFUSE, Story
from workflow.demo.told import owed, told
from workflow.handle import Outcome, handle
from workflow.house import House
from workflow.permissions import can_complete
from workflow.store.models import Case, Task, table
from workflow.store.prepared import Prepared

NAMESPACE = UUID("6d696e67-6a69-616e-8000-64656d6f0000")
NO_AID = frozenset({"CAP_NOT_CONFIGURED", "OUTSIDE_VALIDITY"})
NO_PAPERS: Mapping[str, NewPaper] = {}
TASK, CASE = table(Task), table(Case)
_TASK = Prepared(
    select(TASK).where(TASK.c.case_id == bindparam("case_id"), TASK.c.id == bindparam("task_id"))
)
_CASE = Prepared(select(CASE).where(CASE.c.id == bindparam("case_id")))


@dataclass
class Simulated:
    """A clock that stands where the simulation is."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Hands:
    """Everybody's hands. `commands`: how many they have given."""

    house: House
    clock: Simulated
    random: Random
    posts: Mapping[tuple[str, str], Sequence[Post]]
    papers: Papers
    commands: int = 0

    @property
    def today(self) -> date:
        return self.clock.at.astimezone(SHANGHAI).date()

    def give(self, actor: Actor, command: Command) -> Outcome:
        """A command, now. Raises what `handle` raises."""
        self.commands += 1
        key = uuid5(NAMESPACE, str(self.commands)).hex
        return handle(self.house, actor, command, at=self.clock.at, request_id=key)

    def look(self, case_id: UUID, task_id: int) -> tuple[Any, Any]:
        """The rows of a case and of one of its steps as they are now."""
        with self.house.reader.connect() as conn:
            case = _CASE.first(conn, {"case_id": case_id})
            return case, _TASK.first(conn, {"case_id": case_id, "task_id": task_id})

    def outcome(self, case_id: UUID) -> str:
        """What a case has come to; empty while it goes on."""
        with self.house.reader.connect() as conn:
            return str(_CASE.first(conn, {"case_id": case_id}).outcome or "")

    def able(self, case: Any, task: Any) -> Sequence[Post]:
        """Who will do it: where several sit at the desk, one who may."""
        posts = self.posts.get((task.org, task.role), ())
        if len(posts) < 2:
            return posts
        rules = self.house.rules(case.rulebook)
        with self.house.reader.connect() as conn:
            acts = eligibility.acts_of_all(conn, [case])[case.id]
        facts = eligibility.facts(rules, case, task, acts, None)
        return [post for post in posts if can_complete(post.actor, facts)] or posts

    def complete(
        self,
        actor: Actor,
        case: Any,
        task: Any,
        story: Story,
        visit: int = 0,
        papers: Mapping[str, NewPaper] = NO_PAPERS,
    ) -> None:
        """Do one open step as `actor`, with the answers of the story and the papers the step demands.

        Args:
            case, task: their rows. papers: those that are not new ones, by kind.

        Raises:
            what `handle` raises.
        """
        rules = self.house.rules(case.rulebook)
        variables = engine.variables(rules.model, case.engine, task.id)
        with self.house.reader.connect() as conn:
            says = told(conn, self.random, self.posts, case.id, case.village, task.node)
        plan = dict(story.plan(task.node, visit, {**says, **owed(task.node, variables, self.today)}))
        if task.node in {"decide", "check_calculation"} and (
            not variables.get("aid_fen") or NO_AID & set(variables.get("warnings", ()))
        ):
            plan.update(REFUSE)  # nothing computed: zero is a refusal with a reason (C-29)
        answers = fill(rules.rulebook.forms[task.form], variables, plan, self.random, self.today)
        node = rules.model.node(task.process, task.node)
        demanded = node.properties.get("evidence", "").split()
        given = tuple(papers[kind] if kind in papers else self.papers.new(kind) for kind in demanded)
        command = CompleteTask(case.id, task.id, answers, given)
        self.give(actor, command)
