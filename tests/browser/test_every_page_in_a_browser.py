"""Every page that can be reached by following links, for every kind of reader: measured with axe."""

import json
import re

import pytest
from browser.checking import NORMAL, PHONE, ROOT
from once import made_once
from pages.houses import demonstration_house
from pages.visiting import Visitor
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from web.limits import limiter
from workflow.store.models import Letter

pytestmark = pytest.mark.browser
READERS = ["chnd", "twin1", "trev1", "capr", "fin2", "sup-msb", "insp", "vlia1"]  # who has work comes first
FORMS_OF_A_READER = 1  # how many forms of steps each kind of reader shows; they differ from each other
TEMPLATES = ROOT / "web" / "templates"
STYLES = ROOT / "web" / "src" / "styles"
ENLARGED = re.compile(r"[^{}]*\.mj-elder(?![\w-])[^{}]*\{([^{}]*)\}")
LAYOUT = re.compile(
    r"font-size|(min-|max-)?(width|height)|(margin|padding)(-\w+)?|gap|position|left|top|order|text-align|"
    r"(align|justify)-(items|self)|white-space|grid-template-columns|--(tap|small|tiny)"
)
NOT_PAGES = (".pdf", ".bpmn", ".csv", ".xlsx")


def reachable(app, login):
    """(endpoint, address) of pages one comes to by following links from the start."""
    visitor = Visitor(app)
    limiter.reset()
    visitor.signs_in(login)
    adapter = app.url_map.bind("localhost")
    waiting, taken = ["/"], {}
    while waiting:
        path = waiting.pop(0).partition("#")[0]
        try:
            endpoint = adapter.match(path.partition("?")[0], method="GET")[0]
        except HTTPException:  # an address that is not ours to open
            continue
        most = FORMS_OF_A_READER if "task" in endpoint else 1
        if taken.get(endpoint, 0) >= most or path.partition("?")[0].endswith(NOT_PAGES):
            continue
        page = visitor.opens(path)
        if page.status == 200 and page.text.startswith("<!doctype html>"):
            taken[endpoint] = taken.get(endpoint, 0) + 1
            if page.path == path:
                yield endpoint, path
            waiting += [link for link in page.links() if link.startswith("/")]


@pytest.fixture(scope="module")
def plan(app):
    """Reader → addresses: each kind of page once, and of each reader a form. All processes see one county."""

    def walk(folder):
        seen, plan = set(), {}
        for login in READERS:
            for endpoint, address in reachable(app, login):
                if endpoint not in seen or "task" in endpoint:
                    seen.add(endpoint)
                    plan.setdefault(login, []).append(address)
        (folder / "plan.json").write_text(json.dumps(plan))

    return json.loads((made_once("pages-to-look-at", walk) / "plan.json").read_text())


def test_public_pages(window):
    view = window()
    pages = ["/sign-in", "/postings", "/privacy", "/accessibility", "/postings/thanks", "/no-such-page"]
    view.page.goto(f"{view.base}/postings")
    posted = view.page.locator("main ol a").first
    if posted.count():
        address = posted.get_attribute("href")
        pages += [address, f"{address}/objection"]
    assert not view.check(pages), "\n".join(map(str, view.faults))


@pytest.mark.parametrize("login", READERS)
def test_pages_of(login, plan, window):
    addresses = plan.get(login, [])
    view = window(login)
    assert not view.check(addresses), "\n".join(map(str, view.faults))


def test_the_two_sizes_of_a_page_are_one_document():
    """`Checker` loads a page in large print and then takes the class away, as the switch does."""
    every = TEMPLATES.rglob("*.html")
    asking = {str(path.relative_to(TEMPLATES)) for path in every if "elder()" in path.read_text()}
    classes, switch, choice = {"base.html", "letters/paper.html"}, "parts/page.html", "auth/account.html"
    assert asking == {*classes, switch, choice}


def test_large_print_changes_the_layout_alone():
    """`Checker` asks in large print only what the layout decides, and what is seen in normal size it sees."""
    blocks = [block for path in sorted(STYLES.glob("*.css")) for block in ENLARGED.findall(path.read_text())]
    given = [line.strip() for block in blocks for line in block.split(";") if line.strip()]
    other = {line for line in given if not LAYOUT.fullmatch(line.partition(":")[0].strip())}
    flowing = {"display: flex", "display: inline-flex"}
    assert len(given) > 40 and other == {*flowing, "--line: #A9B4BF"}, (
        "and the lines between things are darker"
    )


def test_letters_on_the_screen(window):
    with demonstration_house().reader.connect() as connection:
        letters = {kind: number for kind, number in connection.execute(select(Letter.kind, Letter.id))}
    view = window("sup-msb")
    addresses = [f"/letters/{number}" for number in letters.values()]
    assert not view.check(addresses, (PHONE,), (NORMAL,)), "\n".join(map(str, view.faults))
