"""Which form a step was filled in with, by the rules an entry was written under."""

from collections.abc import Mapping
from typing import Any, Final

from bpmn import RulebookError
from workflow.errors import NotFound
from workflow.facts.schema import acts
from workflow.house import House
from workflow.rules import Rules

BESIDE: Final[Mapping[str, str]] = {
    "application_withdrawn": "withdrawal",
    "death_reported": "death",
    "case_paused": "pause_case",
    "case_resumed": "resume_case",
}
LONG: Final = "longtext"


class FormsThen:
    """Asked many times with the same few rules and steps, so everything is kept."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._rules: dict[str, Rules | None] = {}
        self._forms: dict[tuple[str, str, str], tuple[str | None, str]] = {}
        self._long: dict[tuple[str, str], tuple[str, ...]] = {}
        self.acts = acts()

    def rules(self, digest: str) -> Rules | None:
        """None for rules that nobody knows any more, or that do not open."""
        if digest not in self._rules:
            try:
                self._rules[digest] = self._house.rules(digest)
            except (NotFound, RulebookError):
                self._rules[digest] = None
        return self._rules[digest]

    def step(self, digest: str, process: str, node: str) -> tuple[str | None, str]:
        """The form of a step, and the steps whose doers may not do it."""
        key = (digest, process, node)
        if key not in self._forms:
            rules, properties = self.rules(digest), {}
            if rules is not None and (process, node) in rules.model.nodes:
                properties = dict(rules.model.node(process, node).properties)
            self._forms[key] = properties.get("form"), properties.get("not_by", "")
        return self._forms[key]

    def of(self, said: Mapping[str, Any]) -> str | None:
        """The form whose answers an entry holds."""
        kind, task = said["type"], said["task"]
        if kind == "task_completed" and task:
            return self.step(said["rule"], task["spec"], task["node"])[0]
        if kind == "case_opened":
            rules = self.rules(said["rule"])
            flow = rules.rulebook.flows.get(said["vars"].get("flow", "")) if rules else None
            return flow.form if flow else None
        return BESIDE.get(kind)

    def long_texts(self, digest: str, form: str | None) -> tuple[str, ...]:
        """The questions of a form that are answered in many words."""
        if form is None:
            return ()
        key = (digest, form)
        if key not in self._long:
            rules = self.rules(digest)
            found = rules.rulebook.forms.get(form) if rules else None
            self._long[key] = tuple(f.id for f in found.fields if f.type == LONG) if found else ()
        return self._long[key]
