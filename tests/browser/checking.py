"""A real browser over real pages: axe, keyboard, zoom, forced colours, weight.

Any list of addresses can be checked: `Checker(page, base).check(addresses)`.
"""

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
"""The first that is there: the shell draws the same pages without the windows and menus around them."""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-sync",
    "--disable-component-update",
    "--disable-dev-shm-usage",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OF_LAYOUT = {"type": "rule", "values": ["target-size", "scrollable-region-focusable"]}
"""What can differ between the two sizes of a page: large print sets sizes and places, hides nothing and gives
no text another colour (`test_large_print_changes_the_layout_alone`); small letters need more contrast anyway.
"""
PHONE, DESKTOP = (390, 844), (1280, 900)
NORMAL, ELDER = "0", "1"
ONE_SIZE = ("/poster", "/view")  # what hangs on a wall, and a photograph: they have no large print
MEASURE = """async ([asks, large]) => {
  document.documentElement.classList.toggle("mj-elder", large);
  const asked = {runOnly: asks, resultTypes: ["violations"], preload: {assets: ["media"]}};
  const found = (await axe.run(document, asked)).violations
    .map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(" | ")}`);
  return document.documentElement.scrollWidth > window.innerWidth ? [...found, "scrolls sideways"] : found;
}"""


class Quiet(WSGIRequestHandler):
    def log(self, *args) -> None:
        pass


@contextmanager
def serving(app) -> Iterator[str]:
    """The application on a free port of this machine; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = next((path for path in CHROMIUM if Path(path).exists()), CHROMIUM[0])
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Fault:
    address: str
    width: int
    size: str
    what: str

    def __str__(self) -> str:
        size = "长辈版" if self.size == ELDER else "标准版"
        return f"{self.address} at {self.width} px, {size}: {self.what}"


@dataclass
class Checker:
    """One signed-in (or anonymous) browser window that goes through pages and collects what is wrong."""

    context: BrowserContext
    base: str
    faults: list[Fault] = field(default_factory=list)
    page: Page = None
    measures: bool = False

    def __post_init__(self) -> None:
        self.page = self.context.new_page()
        self.page.emulate_media(reduced_motion="reduce")  # no colour is judged on its way to another
        self.messages: list[str] = []
        self.page.on("console", lambda m: self.messages.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))

    def signs_in(self, login: str, password: str) -> None:
        self.page.goto(f"{self.base}/sign-in?next=/account")
        self.page.fill("#login", login)
        self.page.fill("#password", password)
        self.page.click("main form button")
        self.page.wait_for_url("**/account")

    def check(
        self,
        addresses: Iterable[str],
        screens: Iterable[tuple[int, int]] = (PHONE, DESKTOP),
        sizes: Iterable[str] = (NORMAL, ELDER),
    ) -> list[Fault]:
        """Every address at every width and size: axe, no sideways scrolling, nothing on the console.

        A page is loaded once, as the server gives it to who reads large print. Then it is widened, as when a
        telephone is turned, and set in normal size, as its own switch does: the two sizes are one document.
        There all rules are asked; before, those of the layout alone.
        """
        if not self.measures:
            self.page.add_init_script(AXE.read_text())
            self.measures = True
        for address in addresses:
            known = [NORMAL] if address.endswith(ONE_SIZE) else sorted(sizes, reverse=True)
            self._check(address, list(screens), known)
        return self.faults

    def _check(self, address: str, screens: list[tuple[int, int]], sizes: list[str]) -> None:
        self.messages.clear()
        self.context.add_cookies([{"name": "mj_elder", "value": sizes[0], "url": self.base}])
        self._widen(screens[0])
        response = self.page.goto(self.base + address)
        found = []
        if not response.ok and response.status not in {403, 404, 409}:
            found.append(f"status {response.status}")
        if self.page.locator("html.mj-elder").count() != (sizes[0] == ELDER):
            found.append("not in the size that was asked for")
        for turn, size in enumerate(sizes):
            asks = RULES if size == sizes[-1] else OF_LAYOUT
            for screen in screens[:: (-1) ** turn]:  # there and back: the next page begins at this width
                self._widen(screen)
                found += self.page.evaluate(MEASURE, [asks, size == ELDER])
                found += [message for message in self.messages if "status of 4" not in message]
                self.messages.clear()
                self.faults += [Fault(address, screen[0], size, what) for what in found]
                found = []
                self._picture(address, screen[0], size)

    def _widen(self, screen: tuple[int, int]) -> None:
        wanted = {"width": screen[0], "height": screen[1]}
        if self.page.viewport_size != wanted:
            self.page.set_viewport_size(wanted)

    def _picture(self, address: str, width: int, size: str) -> None:
        folder = os.environ.get("MINGJIAN_PICTURES")
        if folder:
            name = address.strip("/").replace("/", "_").replace("?", "_")[:80] or "home"
            self.page.screenshot(path=f"{folder}/{name}-{width}-{size}.png", full_page=True)
