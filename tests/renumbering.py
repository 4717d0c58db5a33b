"""Another version of a diagram that means the same."""

from lxml import etree

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"


def renumbered(content: bytes) -> bytes:
    """The same diagram with other labels and a gateway after each start: every step has another number."""
    root = etree.fromstring(content)
    for number, start in enumerate(list(root.iter(f"{BPMN}startEvent"))):
        scope = start.getparent()
        flow = next(
            (f for f in scope.findall(f"{BPMN}sequenceFlow") if f.get("sourceRef") == start.get("id")), None
        )
        if flow is None or start.getparent().get("triggeredByEvent") == "true":
            continue
        gateway = etree.SubElement(scope, f"{BPMN}exclusiveGateway", id=f"added_{number}")
        first = f"added_flow_{number}"
        added = etree.SubElement(
            scope, f"{BPMN}sequenceFlow", id=first, sourceRef=start.get("id"), targetRef=gateway.get("id")
        )
        etree.SubElement(gateway, f"{BPMN}incoming").text = first
        etree.SubElement(gateway, f"{BPMN}outgoing").text = flow.get("id")
        flow.set("sourceRef", gateway.get("id"))
        for outgoing in start.findall(f"{BPMN}outgoing"):
            outgoing.text = added.get("id")
    for task in root.iter(f"{BPMN}userTask"):
        task.set("name", f"{task.get('name') or ''}（新）")
    return etree.tostring(root)
