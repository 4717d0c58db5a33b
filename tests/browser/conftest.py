"""One browser and one served demonstration county for all tests of this folder."""

from collections.abc import Iterator

import pytest
from browser.checking import Checker, chromium, serving
from pages.houses import PASSWORD, demonstration_house

from web import create_app
from web.limits import limiter


@pytest.fixture(scope="session")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def app():
    return create_app(demonstration_house(), testing=True)


@pytest.fixture(scope="session")
def base(app) -> Iterator[str]:
    with serving(app) as address:
        yield address


@pytest.fixture
def window(browser, base):
    """Makes a window; with a login it is signed in."""
    contexts = []

    def opened(login: str | None = None, **options) -> Checker:
        limiter.reset()
        contexts.append(browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", **options))
        checker = Checker(contexts[-1], base)
        if login:
            checker.signs_in(login, PASSWORD)
        return checker

    yield opened
    for context in contexts:
        context.close()
