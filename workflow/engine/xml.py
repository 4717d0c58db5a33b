"""Reading XML that may come from anywhere: no entities, no network, no document types."""

from __future__ import annotations

from typing import Any

from lxml import etree

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"


class Unsafe(ValueError):
    """The document declares a document type, which a diagram never needs."""


def read_xml(content: bytes) -> Any:
    """The root element. Raises ``lxml.etree.XMLSyntaxError`` or ``Unsafe``."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    root = etree.fromstring(content, parser)
    info: Any = root.getroottree().docinfo
    if info.doctype:
        raise Unsafe("a document type is not allowed")
    return root


def local(element: Any) -> str:
    """The name of an element without its namespace; "" for comments."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
