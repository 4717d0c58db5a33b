"""The filters of the board in words, for the page and for what is taken away from it."""

from datetime import datetime

from sqlalchemy import Connection, select

from bpmn import Text
from workflow.house import House
from workflow.reading.board import VACANT, WAIT, WAITS, Wanted
from workflow.reading.case_file import today
from workflow.reading.seats import people_at, post_name, seat_number
from workflow.store.models import Organisation, Task


def told(house: House, conn: Connection, wanted: Wanted, now: datetime) -> dict[str, Text]:
    """Name of each filter that is set → what it is narrowed to. What does not exist is called by its code."""
    org, _, role = wanted.holder.partition(".")
    codes = {wanted.township, wanted.place, org} - {""}
    units = select(Organisation.code, Organisation.name).where(Organisation.code.in_(codes))
    names = {row.code: row.name for row in conn.execute(units)} if codes else {}
    found = {
        key: Text(names.get(code, code), names.get(code, code))
        for key, code in (("township", wanted.township), ("place", wanted.place))
        if code
    }
    if wanted.step:
        found["step"] = _step(house, conn, wanted.step)
    if wanted.holder == WAIT:
        found["holder"] = WAITS
    elif (seat := seat_number(wanted.holder)) is not None:
        people = people_at(conn, set(), {seat}, today(now)).get(wanted.holder)
        found["holder"] = Text(people[0], people[0]) if people else VACANT
    elif wanted.holder:
        place, post = names.get(org, org), post_name(house.rules().rulebook, role)
        found["holder"] = Text(f"{place}{post.zh}", f"{place}, {post.en}")
    return found


def _step(house: House, conn: Connection, node: str) -> Text:
    name = next((each.name for each in house.rules().model.nodes.values() if each.id == node), None)
    if name is None:
        name = conn.scalar(select(Task.name).where(Task.node == node, Task.done_at.is_(None)).limit(1))
    return Text(name or node, name or node)
