"""What looks at every page sees a fault where there is one: at that width, in that size, and nowhere else."""

import pytest
from browser.checking import DESKTOP, ELDER, NORMAL, PHONE, Checker, serving
from flask import Flask, request

PAGE = """<!doctype html><html lang="zh-CN"{large}><head><title>页</title><link rel="icon" href="data:,">
<style>button {{ min-width: 44px; min-height: 44px }} {style}</style></head>
<body><main><h1>页</h1>{body}</main></body></html>"""
BUTTONS = "<button>一</button><button>二</button><button>三</button>"
SMALL = "{ min-width: 0; min-height: 0; width: 12px; height: 12px; padding: 0; border: 0; font-size: 8px }"
EVERYWHERE = {(width, size) for width in (PHONE[0], DESKTOP[0]) for size in (NORMAL, ELDER)}
NORMALLY = {(PHONE[0], NORMAL), (DESKTOP[0], NORMAL)}
"""Of large print, which changes the layout alone, only that is asked."""
ON_A_PHONE = {(PHONE[0], NORMAL), (PHONE[0], ELDER)}
WHEN_IT_IS_LOADED = {(PHONE[0], ELDER)}
PLANTED = {
    "nothing": ("", BUTTONS, "", set()),
    "a target too small for a thumb": (f"button {SMALL}", BUTTONS, "target-size", EVERYWHERE),
    "a target too small in normal size": (
        f"html:not(.mj-elder) button {SMALL}",
        BUTTONS,
        "target-size",
        NORMALLY,
    ),
    "a target too small in large print": (
        f".mj-elder button {SMALL}",
        BUTTONS,
        "target-size",
        {(PHONE[0], ELDER), (DESKTOP[0], ELDER)},
    ),
    "faint letters": ("p { color: #bbb; background: #fff }", "<p>很淡的字</p>", "color-contrast", NORMALLY),
    "wider than a telephone": ("", '<p style="width: 700px">字</p>', "scrolls sideways", ON_A_PHONE),
    "a field without a name": ("", "<input type=text>", "label", NORMALLY),
    "a script that fails": ("", "<script>missing()</script>", "missing is not defined", WHEN_IT_IS_LOADED),
}


@pytest.fixture(scope="module")
def planted():
    app = Flask(__name__)

    @app.get("/<name>")
    def page(name):
        style, body, _, _ = PLANTED[name]
        large = ' class="mj-elder"' if request.cookies.get("mj_elder") == ELDER else ""
        return PAGE.format(large=large, style=style, body=body)

    with serving(app) as address:
        yield address


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_seen_where_it_is(name, planted, browser):
    _, _, what, where = PLANTED[name]
    context = browser.new_context()
    faults = Checker(context, planted).check([f"/{name}"])
    context.close()
    assert all(what and what in fault.what for fault in faults), faults
    assert {(fault.width, fault.size) for fault in faults} == where
