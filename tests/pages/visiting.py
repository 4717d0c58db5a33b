"""A visitor without JavaScript: opens pages, fills in their forms, presses their buttons.

Every page that comes back is checked for what every page must have.
"""

from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from flask import Flask
from lxml import html
from werkzeug.datastructures import FileStorage, MultiDict

from workflow.demo.staff import PASSWORD

UNLABELLED = {"hidden", "submit", "button", "image", "reset"}


@dataclass
class Page:
    """What a browser would show, and the address it stands at."""

    status: int
    path: str
    text: str
    headers: dict
    tree: html.HtmlElement = field(repr=False)

    @property
    def title(self) -> str:
        return self.tree.findtext(".//title").strip()

    @property
    def heading(self) -> str:
        return " ".join(self.tree.xpath("string((//h1|//*[@role='heading' and @aria-level='1'])[1])").split())

    @property
    def words(self) -> str:
        """Everything that can be read, in one line."""
        return " ".join(self.tree.xpath("string(//body)").split())

    def links(self) -> list[str]:
        return [link for link in self.tree.xpath("//a/@href") if not link.startswith("#")]

    def form(self, action: str | None = None) -> html.FormElement:
        """The form of the main part, or the one that sends to `action`."""
        forms = self.tree.xpath("//form") if action else self.tree.xpath("//main//form")
        wanted = [form for form in forms if action is None or form.get("action", "").startswith(action)]
        assert wanted, f"no form {action or ''} on {self.path}: {self.heading}"
        return wanted[0]

    def errors(self) -> dict[str, str]:
        """Field → message, as the summary lists them."""
        links = self.tree.xpath("//*[contains(@class, 'mj-errors')]//a")
        return {link.get("href").lstrip("#"): link.text_content() for link in links}


class Visitor:
    """One browser with its cookies."""

    def __init__(self, app: Flask, house=None) -> None:
        self.app, self.house = app, house or app.extensions["mingjian.house"]
        self.client = app.test_client()

    def opens(self, path: str, *, follow: bool = True, **headers: str) -> Page:
        return self._page(self.client.get(path, headers=headers), path, follow)

    def submits(self, page: Page, action: str | None = None, button: str | None = None, **answers) -> Page:
        """Fill in a form of the page as a browser would and press its button.

        Args:
            answers: field → text, list of texts, or (name, bytes) for a file. None leaves a field out.
        """
        form = page.form(action)
        if button is not None:
            form = next(f for f in page.tree.forms if f.xpath(f".//button[@value='{button}']"))
        data: MultiDict = MultiDict(form.form_values())
        pressed = [b for b in form.xpath(".//button[@name]") if button is None or b.get("value") == button]
        if pressed:
            data.add(pressed[0].get("name"), pressed[0].get("value", ""))
        for name, value in answers.items():
            data.poplist(name)
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, tuple):
                    from io import BytesIO

                    data.add(name, FileStorage(BytesIO(item[1]), item[0]))
                elif item is not None:
                    data.add(name, item)
        target = urljoin(f"http://localhost{page.path}", form.get("action") or page.path)
        where = urlsplit(target).path + (f"?{urlsplit(target).query}" if urlsplit(target).query else "")
        return self.posts(where, data)

    def posts(self, path: str, data=None, *, follow: bool = True, **headers: str) -> Page:
        return self._page(self.client.post(path, data=data, headers=headers), path, follow)

    def signs_in(self, login: str, password: str = PASSWORD) -> Page:
        return self.submits(self.opens("/sign-in?next=/account"), login=login, password=password)

    def _page(self, response, path: str, follow: bool) -> Page:
        self._nothing_left_open()
        while follow and response.status_code in {301, 302, 303, 307, 308}:
            path = response.headers["Location"]
            response = self.client.get(path)
            self._nothing_left_open()
        text = response.get_data(as_text=True) if response.mimetype.startswith("text/") else ""
        tree = html.fromstring(text or "<html><body></body></html>")
        page = Page(response.status_code, path, text, dict(response.headers), tree)
        if response.mimetype == "text/html" and text and response.status_code not in {301, 302, 303}:
            check_page(page)
        return page

    def _nothing_left_open(self) -> None:
        for engine in (self.house.engine, self.house.reader):
            kept = getattr(engine.pool, "_kept", None)  # SQLite's writer keeps one, between transactions
            assert kept is None or not kept.raw.in_transaction, "a request left a transaction open"
            assert engine.pool.checkedout() == (kept is not None), "a request left a connection open"


def check_page(page: Page) -> None:
    """What every page must have, whatever it is for."""
    tree, where = page.tree, f"{page.path} ({page.status})"
    assert tree.get("lang") in {"zh-CN", "en"}, where
    assert page.title and not page.title.startswith("-"), where
    ids = tree.xpath("//@id")
    double = sorted({name for name in ids if ids.count(name) > 1})
    assert not double, f"{where}: ids twice: {double}"
    assert len(tree.xpath("//main")) == 1, where
    headings = tree.xpath("//h1|//*[@role='heading' and @aria-level='1']")
    assert len(headings) == 1, f"{where}: {len(headings)} first headings"
    assert not tree.xpath("//@style"), f"{where}: a style attribute"
    handlers = [a for a in tree.xpath("//@*") if getattr(a, "attrname", "").startswith("on")]
    assert not handlers, f"{where}: {handlers}"
    for script in tree.xpath("//script"):
        assert script.get("src") and script.get("nonce") and not (script.text or "").strip(), where
    for element in tree.xpath("//input|//textarea|//select"):
        if element.get("type") in UNLABELLED:
            continue
        labelled = (
            element.xpath("ancestor::label")
            or element.get("aria-label")
            or element.get("aria-labelledby")
            or (element.get("id") and tree.xpath(f"//label[@for='{element.get('id')}']"))
            or element.get("aria-hidden") == "true"
        )
        assert labelled, f"{where}: {element.get('name')} has no label"
    for form in tree.xpath("//form[@method='post']"):
        token = form.xpath(".//input[@name='csrf_token']/@value")
        assert token or form.get("action") == "/preferences", f"{where}: a form without a token"
    for link in tree.xpath("//*[contains(@class, 'mj-errors')]//a/@href"):
        assert link[1:] in ids, f"{where}: the summary leads nowhere: {link}"
    for name in " ".join(tree.xpath("//@aria-describedby | //@aria-labelledby")).split():
        assert name in ids, f"{where}: {name} describes but is not there"
