"""IEEE 1849 (XES): one trace per case, one event per entry, with the extensions Concept, Lifecycle, Time and
Organizational. Written as a stream: the size of the log does not matter.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Any, BinaryIO, Final

from lxml import etree

from workflow.mining.disclosure import Disclosure
from workflow.mining.happenings import Happening, case_facts

NAMESPACE: Final = "http://www.xes-standard.org/"
EXTENSIONS: Final = {
    "Concept": "concept",
    "Lifecycle": "lifecycle",
    "Time": "time",
    "Organizational": "org",
}
UNKNOWN: Final = "UNKNOWN"
_ALWAYS: Final = (
    ("concept:name", UNKNOWN),
    ("lifecycle:transition", "complete"),
    ("org:resource", UNKNOWN),
    ("org:role", UNKNOWN),
    ("org:group", UNKNOWN),
)


def write_xes(happenings: Iterable[Happening], disclosure: Disclosure, out: BinaryIO) -> None:
    """One document, with all events of a case following each other as they come."""
    with etree.xmlfile(out, encoding="UTF-8") as file:
        file.write_declaration()
        versions = {"xes.version": "1849-2016", "xes.features": ""}
        with file.element("log", versions, nsmap={None: NAMESPACE}):
            for name, prefix in EXTENSIONS.items():
                uri = f"{NAMESPACE}{prefix}.xesext"
                file.write(etree.Element("extension", {"name": name, "prefix": prefix, "uri": uri}))
            file.write(_global("trace", [_string("concept:name", UNKNOWN)]))
            always = [_string(key, value) for key, value in _ALWAYS]
            file.write(_global("event", [*always, _date("1970-01-01T00:00:00.000+00:00")]))
            file.write(etree.Element("classifier", {"name": "Activity", "keys": "concept:name"}))
            file.write(_string("concept:name", "mingjian"))
            file.write(_string("lifecycle:model", "standard"))
            for _, course in groupby(happenings, key=lambda happening: happening.case.id):
                file.write(_trace(list(course), disclosure))


def _trace(course: list[Happening], disclosure: Disclosure) -> Any:
    case = course[0].case
    trace = etree.Element("trace")
    trace.append(_string("concept:name", disclosure.name("case", case.number)))
    trace.extend(_string(key, value) for key, value in case_facts(case, disclosure).items())
    for happening in course:
        event = etree.SubElement(trace, "event")
        told = {
            "concept:name": happening.activity,
            "lifecycle:transition": "complete",
            "org:resource": happening.resource,
            "org:role": happening.role,
            "org:group": happening.group,
            **happening.facts,
        }
        event.extend(_string(key, value) for key, value in told.items())
        event.append(_date(happening.at))
    return trace


def _global(scope: str, attributes: list[Any]) -> Any:
    element = etree.Element("global", {"scope": scope})
    element.extend(attributes)
    return element


def _string(key: str, value: str) -> Any:
    return etree.Element("string", {"key": key, "value": value})


def _date(at: str) -> Any:
    return etree.Element("date", {"key": "time:timestamp", "value": at})
