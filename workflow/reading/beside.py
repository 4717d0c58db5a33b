"""What has been written in a case and whoever does the next step has to have before them.

Which answers these are says the list of flows (`beside` in bpmn/flows.toml); most flows have papers instead.
"""

from sqlalchemy import Connection

from audit import entries as read_entries
from workflow.house import House
from workflow.reading.case_file import CaseFile
from workflow.reading.said import Said, in_words
from workflow.reading.timeline import form_of, open_all, rules_then


def written_before(house: House, conn: Connection, file: CaseFile) -> tuple[Said, ...]:
    """The answers in force, in the order of the list: a form that is filled in again takes the place of what
    it said before. Empty for a reader to whom what was written in forms is not shown.
    """
    row = file.rules.rulebook.flows.get(file.row.flow)
    if row is None or not row.beside or not file.access.sealed:
        return ()
    opened = open_all(house, conn, file.id)
    found: dict[str, Said] = {}
    for stored in read_entries(conn, file.id):
        entry = stored.entry
        form = form_of(rules_then(house, entry, file.rules), entry)
        if form is None:
            continue
        said, sealed = entry["vars"], opened.get(stored.seq, {})
        clear = said.get("answers") or said.get("start") or {}
        for field in form.fields:
            found.pop(field.id, None)
            value = clear.get(field.name) if field.variable else sealed.get(field.id)
            if field.id in row.beside and value not in (None, ""):
                found[field.id] = Said(field.label, in_words(field, value))
    return tuple(found[name] for name in row.beside if name in found)
