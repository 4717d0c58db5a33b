"""Every address of the product, and who may open it. A new page has to be entered here, on purpose."""

from uuid import UUID

import pytest
from pages.houses import staffed_house
from pages.visiting import Visitor

from web import access, create_app
from web.limits import limiter
from workflow.permissions import MATRIX

PUBLIC = {
    "GET /",
    "GET /accessibility",
    "GET /calendar/feeds/<int:number>/<token>.ics",
    "GET /health",
    "GET /log/<path:path>",
    "GET /postings",
    "GET /postings/<int:posting_id>",
    "GET /postings/<int:posting_id>/objection",
    "POST /postings/<int:posting_id>/objection",
    "GET /postings/thanks",
    "POST /preferences",
    "GET /privacy",
    "GET /sign-in",
    "POST /sign-in",
    "POST /sign-out",
    "GET /verify",
    "POST /verify",
    "GET /verify/receipt.tlog-proof",
}
SIGNED_IN = {
    "GET /account",
    "POST /account/password",
    "GET /flows",
    "GET /flows/<process>",
    "GET /flows/<process>.bpmn",
    "GET /forms/<form_id>/blank",
    "GET /inbox",
    "POST /inbox/read",
    "GET /seats",
    "POST /seats",
}
WITH_A_SEAT = {
    "GET /calendar": "view_work_calendar",
    "GET /calendar/month.pdf": "view_work_calendar",
    "POST /calendar/subscription": "view_work_calendar",
    "POST /calendar/subscription/end": "view_work_calendar",
    "GET /cases": "view_case",
    "POST /cases": "view_case",
    "GET /cases/<uuid:case_id>": "view_case",
    "GET /cases/<uuid:case_id>/diagrams/<process>.bpmn": "view_case",
    "GET /cases/<uuid:case_id>/leave/<any(withdrawal, death):kind>": "withdraw",
    "POST /cases/<uuid:case_id>/leave/<any(withdrawal, death):kind>": "withdraw",
    "GET /cases/<uuid:case_id>/papers/<int:paper_id>": "view_case",
    "GET /cases/<uuid:case_id>/papers/<int:paper_id>/view": "view_case",
    "GET /cases/<uuid:case_id>/papers/new": "upload_paper",
    "POST /cases/<uuid:case_id>/papers/new": "upload_paper",
    "POST /cases/<uuid:case_id>/reveal": "view_account",
    "GET /cases/<uuid:case_id>/tasks/<int:task_id>": "complete_task",
    "POST /cases/<uuid:case_id>/tasks/<int:task_id>": "complete_task",
    "POST /cases/<uuid:case_id>/tasks/<int:task_id>/draft": "complete_task",
    "GET /cases/<uuid:case_id>/entries/<int:number>/form": "view_case",
    "GET /cases/<uuid:case_id>/evidence": "export_case",
    "POST /cases/<uuid:case_id>/evidence": "export_case",
    "GET /erasures": "view_erasures",
    "GET /supervise/publication": "view_publication",
    "GET /cases/<uuid:case_id>/erasure": "view_erasures",
    "POST /cases/<uuid:case_id>/erasure": "view_erasures",
    "GET /inspect/checking": "export_case",
    "GET /inspect/export": "export_log",
    "POST /inspect/export": "export_log",
    "GET /inspect/mingjian_check.py": "export_case",
    "GET /inspect/indicators": "view_measures",
    "GET /inspect/indicators/indicators.xlsx": "view_measures",
    "GET /inspect/indicators/<indicator_id>": "view_measures",
    "POST /inspect/indicators/<indicator_id>": "enter_figures",
    "GET /inspect/indicators/<indicator_id>/<figure_id>/<any(top, base):side>": "view_measures",
    "GET /inspect/evaluations": "view_measures",
    "GET /inspect/evaluations/<evaluation_id>": "view_measures",
    "POST /inspect/evaluations/<evaluation_id>": "score_evaluation",
    "GET /inspect/evaluations/<evaluation_id>/evaluation.xlsx": "view_measures",
    "GET /inspect/reports": "view_measures",
    "GET /inspect/reports/<report_id>": "view_measures",
    "GET /inspect/reports/<report_id>/report.xlsx": "view_measures",
    "GET /inspect/ways": "view_conformance",
    "GET /inspect/ways/ways.xlsx": "view_conformance",
    "GET /inspect": "replay",
    "GET /inspect/<uuid:case_id>": "replay",
    "POST /inspect/<uuid:case_id>": "replay",
    "GET /inspect/office": "replay",
    "GET /inspect/<uuid:case_id>/readers": "replay",
    "GET /inspect/<uuid:case_id>/finding": "make_finding",
    "POST /inspect/<uuid:case_id>/finding": "make_finding",
    "GET /inspect/flags": "view_flags",
    "GET /inspect/flags/rules": "view_flags",
    "GET /inspect/flags/<flag_id>": "view_flags",
    "POST /inspect/flags/<flag_id>": "conclude_flag",
    "GET /inspect/spot-checks": "view_spot_checks",
    "POST /inspect/spot-checks": "run_spot_check",
    "GET /inspect/spot-checks/<int:number>": "view_spot_checks",
    "POST /inspect/spot-checks/<int:number>/draw": "run_spot_check",
    "GET /inspect/spot-checks/<int:number>/repeat": "view_spot_checks",
    "GET /inspect/spot-checks/<int:number>/frame.json": "view_spot_checks",
    "GET /inspect/spot-checks/<int:number>/cases/<uuid:case_id>": "view_spot_checks",
    "POST /inspect/spot-checks/<int:number>/cases/<uuid:case_id>": "run_spot_check",
    "POST /inspect/spot-checks/<int:number>/cases/<uuid:case_id>/finding": "make_finding",
    "GET /inspect/spot-checks/<int:number>/result.xlsx": "view_spot_checks",
    "GET /inspect/spot-checks/<int:number>/result.pdf": "view_spot_checks",
    "GET /inspect/findings": "view_findings",
    "GET /inspect/findings/<int:number>": "view_findings",
    "POST /inspect/findings/<int:number>": "make_finding",
    "GET /findings": "answer_finding",
    "GET /findings/<int:number>": "answer_finding",
    "POST /findings/<int:number>": "answer_finding",
    "GET /findings/<int:number>/papers/<int:move>/<int:place>": "view_findings",
    "GET /findings/<int:number>/own-papers/<int:move>/<int:place>": "answer_finding",
    "GET /inspect/<uuid:case_id>/chronicle.pdf": "replay",
    "GET /inspect/bundle": "replay",
    "GET /inspect/search": "replay",
    "POST /inspect/search": "replay",
    "POST /inspect/bundle": "replay",
    "GET /inspect/compare": "replay",
    "GET /inspect/<uuid:case_id>/diagrams/<rules>/<process>.bpmn": "replay",
    "GET /letters/<int:letter_id>": "view_case",
    "GET /letters/<int:letter_id>.pdf": "view_case",
    "GET /policy": "view_policy",
    "GET /policy/files.zip": "view_policy",
    "GET /policy/moves": "migrate_case",
    "POST /policy/moves": "migrate_case",
    "POST /policy/proposals": "propose_policy",
    "GET /policy/proposals/<int:number>": "view_policy",
    "GET /policy/proposals/<int:number>/trial": "view_policy",
    "POST /policy/proposals/<int:number>/adopt": "view_policy",
    "POST /policy/proposals/<int:number>/rebase": "propose_policy",
    "POST /policy/proposals/<int:number>/reject": "release_policy",
    "POST /policy/proposals/<int:number>/release": "release_policy",
    "POST /policy/proposals/<int:number>/withdraw": "view_policy",
    "GET /postings/<int:posting_id>/poster": "post_list",
    "GET /register": "use_window",
    "POST /register": "use_window",
    "POST /register/people": "use_window",
    "GET /register/people/<int:person_id>": "use_window",
    "GET /register/people/<int:person_id>/apply": "use_window",
    "POST /register/people/<int:person_id>/apply": "use_window",
    "GET /register/people/<int:person_id>/apply/<flow>": "use_window",
    "POST /register/people/<int:person_id>/apply/<flow>": "use_window",
    "GET /cases/<uuid:case_id>/open/<flow>": "view_case",
    "POST /cases/<uuid:case_id>/open/<flow>": "view_case",
    "GET /cases/<uuid:case_id>/rest/<any(pause, resume):kind>": "pause_case",
    "POST /cases/<uuid:case_id>/rest/<any(pause, resume):kind>": "pause_case",
    "POST /register/people/<int:person_id>/bills": "use_window",
    "GET /relatives": "file_relative",
    "POST /relatives": "file_relative",
    "GET /green-channel": "view_green_register",
    "GET /green-channel/register.xlsx": "view_green_register",
    "GET /supervise": "overdue_board",
    "GET /supervise/board.xlsx": "overdue_board",
    "GET /supervise/channels": "view_channels",
    "GET /supervise/act/<any(urge, reassign, supervise):act>": "press",
    "POST /supervise/act/<any(urge, reassign, supervise):act>": "press",
    "GET /supervise/act/extend": "extend_deadline",
    "POST /supervise/act/extend": "extend_deadline",
    "GET /staff": "view_accounts",
    "POST /staff": "manage_accounts",
    "POST /staff/proposals/<int:number>": "manage_accounts",
    "GET /staff/<int:number>": "view_accounts",
    "POST /staff/<int:number>/seats/<int:seat>": "manage_accounts",
    "POST /staff/<int:number>/standing": "manage_accounts",
    "POST /staff/<int:number>/password": "manage_accounts",
    "POST /staff/passwords/<int:number>": "manage_accounts",
    "GET /leave": "take_leave",
    "POST /leave": "take_leave",
    "POST /leave/<int:number>/end": "take_leave",
    "GET /supervise/exceptions": "view_exceptions",
    "GET /cases/<uuid:case_id>/steps/<int:task_id>/extension": "request_extension",
    "POST /cases/<uuid:case_id>/steps/<int:task_id>/extension": "request_extension",
    "GET /cases/<uuid:case_id>/extensions/<int:number>": "view_case",
    "POST /cases/<uuid:case_id>/extensions/<int:number>/refuse": "extend_deadline",
    "GET /supervise/supervisions": "overdue_board",
    "GET /cases/<uuid:case_id>/supervisions/<int:number>": "view_case",
    "POST /cases/<uuid:case_id>/supervisions/<int:number>/answer": "answer_supervision",
    "POST /cases/<uuid:case_id>/supervisions/<int:number>/end": "press",
    "GET /supervise/trends": "overdue_board",
    "GET /work": "complete_task",
}


@pytest.fixture(scope="module")
def house():
    house = staffed_house()
    yield house
    house.close()


@pytest.fixture(scope="module")
def app(house):
    return create_app(house, testing=True)


@pytest.fixture(autouse=True)
def nobody_has_tried_before(app):
    limiter.reset()


def test_every_route_stands_in_the_list_with_its_permission(app):
    expected = {
        **dict.fromkeys(PUBLIC, access.PUBLIC),
        **dict.fromkeys(SIGNED_IN, access.SIGNED_IN),
        **WITH_A_SEAT,
    }
    found = {f"{methods} {address}": permission for methods, address, permission in access.routes(app)}
    assert found == expected


def test_no_route_of_any_part_is_undeclared(app):
    undeclared = [address for _, address, permission in access.routes(app) if permission is None]
    assert undeclared == []


def test_every_permission_is_a_line_of_the_matrix(app):
    known = {access.PUBLIC, access.SIGNED_IN, *MATRIX.actions}
    assert {permission for _, _, permission in access.routes(app)} <= known


def test_a_route_that_does_not_say_who_may_use_it_stays_shut(house):
    app = create_app(house, testing=True)
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    page = Visitor(app).opens("/forgotten")
    assert page.status == 403
    assert "secret" not in page.text


def sample(name, converter):
    """A value that fits a place in an address."""
    kind = type(converter).__name__
    if kind == "AnyConverter":
        return sorted(converter.items)[0]
    return {"UUIDConverter": UUID(int=1), "IntegerConverter": 1}.get(kind, "1")


def test_whoever_is_not_signed_in_gets_nowhere_but_to_the_public_pages(app):
    visitor, addresses = Visitor(app), app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        permission = getattr(app.view_functions[rule.endpoint], access.ATTRIBUTE)
        if permission == access.PUBLIC or "GET" not in rule.methods:
            continue
        values = {name: sample(name, converter) for name, converter in rule._converters.items()}
        page = visitor.opens(addresses.build(rule.endpoint, values), follow=False)
        assert page.status == 303, rule
        assert page.headers["Location"].startswith("/sign-in"), rule


@pytest.mark.parametrize("path", ["/sign-in", "/postings", "/privacy", "/accessibility", "/no-such-page"])
def test_public_pages_in_both_languages_and_sizes(app, path):
    visitor = Visitor(app)
    chinese = visitor.opens(path)
    english = visitor.submits(chinese, "/preferences", "en") if chinese.status == 200 else None
    if english is not None:
        assert english.path == path
        assert english.tree.get("lang") == "en"
        assert english.title != chinese.title
        large = visitor.submits(english, "/preferences", "1")
        assert large.tree.get("class") == "mj-elder"


def test_an_english_page_holds_no_chinese_of_ours(app):
    visitor = Visitor(app)
    visitor.submits(visitor.opens("/sign-in"), "/preferences", "en")
    for path in ["/sign-in", "/privacy", "/accessibility", "/postings/thanks"]:
        page = visitor.opens(path)
        for element in page.tree.xpath("//*[@lang='zh-CN']"):
            element.drop_tree()
        chinese = [letter for letter in page.words if "\u4e00" <= letter <= "\u9fff"]
        assert not chinese, f"{path}: {''.join(chinese)}"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/no-such-page", 404), ("/postings/999999", 404), ("/postings/abc", 404), ("/letters/999999", 404)],
)
def test_unknown_addresses_get_a_clear_page(app, path, status):
    visitor = Visitor(app)
    if path.startswith("/letters"):
        visitor.signs_in("trev1")
    page = visitor.opens(path)
    assert page.status == status
    assert page.headers["X-Request-ID"] in page.text


def test_a_get_on_what_only_takes_posts_says_so(app):
    assert Visitor(app).opens("/preferences").status == 405


def test_a_body_too_large_for_a_visitor_is_refused_before_it_is_read(app):
    page = Visitor(app).posts("/sign-in", {"login": "x" * 70_000, "password": "y"})
    assert page.status == 413


def test_a_fault_of_ours_tells_only_its_number(app, monkeypatch):
    app.testing = False
    try:
        monkeypatch.setitem(app.view_functions, "public.privacy", _breaks)
        page = Visitor(app).opens("/privacy")
    finally:
        app.testing = True
    assert page.status == 500
    assert "362429196301010056" not in page.text
    assert page.headers["X-Request-ID"] in page.text


@access.public
def _breaks():
    raise RuntimeError("陈启明 362429196301010056")


def test_the_log_names_nobody(app, monkeypatch, capsys):
    import io
    import json

    import structlog

    from web.logs import configure

    stream = io.StringIO()
    old = structlog.get_config()
    configure(stream=stream)
    monkeypatch.setattr("web.errors.log", structlog.get_logger("t"))
    monkeypatch.setattr("web.logs.log", structlog.get_logger("t"))
    try:
        monkeypatch.setitem(app.view_functions, "public.privacy", _breaks)
        Visitor(app).opens("/privacy?name=陈启明")
    finally:
        structlog.configure(**old)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert {line["event"] for line in lines} == {"unexpected", "request"}
    assert "陈启明" not in stream.getvalue()
    assert "362429196301010056" not in stream.getvalue()


def test_every_answer_carries_the_headers_that_protect(app):
    page = Visitor(app).opens("/sign-in")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "same-origin"
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert f'nonce="{nonce}"' in page.text
    assert nonce not in Visitor(app).opens("/sign-in").text


def test_pages_go_out_compressed_and_never_twice_alike_in_length(app):
    client = app.test_client()
    sizes = {len(client.get("/privacy", headers={"Accept-Encoding": "gzip"}).data) for _ in range(12)}
    plain = len(client.get("/privacy").data)
    assert max(sizes) < plain
    assert len(sizes) > 1
