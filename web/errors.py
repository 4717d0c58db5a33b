"""What can go wrong, mapped once to a page in the reader's language and the right status.

WorkflowError       its own status and words (400 … 422, 503)
CSRFError           400  the page is older than the session
HTTPException       its code; 404, 405, 413, 429 in our words
KeyRefused          503  the key that signs the entries is away
anything else       500  no details, only the number of the request
"""

from flask import Flask, make_response, render_template
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from audit.private import KeyRefused
from bpmn.text import Text
from web.here import member
from web.logs import log
from web.refusals import write_down
from workflow.errors import AnswersRefused, NotAllowed, Stale, WorkflowError

TITLES = {
    400: Text("这次提交没有收下", "This was not accepted"),
    401: Text("要先登录", "Please sign in first"),
    403: Text("您不能办这一步", "You may not do this"),
    404: Text("没有找到这一页", "This page was not found"),
    405: Text("这个地址不能这样用", "This address cannot be used like that"),
    409: Text("这一步已经不能办了", "This step can no longer be done"),
    413: Text("文件或内容太大", "The file or the text is too large"),
    415: Text("这种文件不能收", "This kind of file is not accepted"),
    422: Text("有内容要改", "Something has to be corrected"),
    429: Text("试得太多，请等一等", "Too many tries, please wait"),
    500: Text("系统出错，没有保存", "Something broke; nothing was saved"),
    503: Text("系统现在办不了，没有保存", "The system cannot do this now; nothing was saved"),
}
WORDS = {
    400: Text(
        "页面放得太久，或者内容不完整。按浏览器的返回键，填的内容还在；刷新以后再提交一次。",
        "The page is too old or incomplete. Go back in your browser: what you typed is still there. "
        "Reload and submit again.",
    ),
    401: Text("登录已经过期。登录后回到原来的页面。", "Your session has ended. Sign in to go on."),
    403: Text("这个岗位没有这项权限。", "Your seat does not have this permission."),
    404: Text(
        "地址可能写错了，公示可能已经到期撤下，或者这件案卷不在您的辖区。",
        "The address may be wrong, the posting may have come down, or the case is outside your area.",
    ),
    405: Text("请从页面上的按钮进入。", "Please use the buttons of the pages."),
    413: Text(
        "每份文件不超过10 MB，一次提交的文件合计不超过60 MB。请拆开或压缩后再传。",
        "Each file may have 10 MB, all files of one submission 60 MB. Split or compress them.",
    ),
    415: Text("可以收JPEG、PNG、WebP图片和PDF。", "JPEG, PNG, WebP images and PDF are accepted."),
    422: Text("请看下面的说明。", "Please see below."),
    429: Text("为了防止别人猜密码，请过一会儿再试。", "To keep guessers out, please try again later."),
    500: Text(
        "不是您的操作有误。请再试一次；仍然不行，把下面的编号告诉系统管理员。",
        "It was not your doing. Please try again; if it fails, tell the administrator the number below.",
    ),
    503: Text(
        "数据库暂时没有应答。过一会儿再提交，不会重复办理。",
        "The database does not answer right now. Submit again later; nothing is done twice.",
    ),
}
UNSIGNED = Text(
    "日志的签名密钥现在取不到（密钥文件或者令牌），所以什么也没有办理。请告诉系统管理员。",
    "The key that signs the log cannot be reached (its file or its token), so nothing was done. "
    "Please tell the administrator.",
)

RULES = {
    "role": Text("岗位权限", "permissions of the seat"),
    "area": Text("辖区", "area of the office"),
    "kin": Text("近亲属回避", "recusal of relatives"),
    "condition": Text("办理条件", "condition of the permission"),
    "seat": Text("岗位有效期", "dates of the seat"),
    "erasure": Text("删除须两人", "erasure by two people"),
    "undeclared": Text("未登记的地址", "undeclared address"),
}


def rule_name(rule: str) -> Text:
    """The rule that forbade it, in words: its heading and its number in the domain's own list."""
    if rule.startswith("SD-"):
        return Text(f"职责分离（{rule}）", f"separation of duties ({rule})")
    return RULES.get(rule, Text(rule, rule))


def page(status: int, message: Text | None = None, **more: object) -> ResponseReturnValue:
    body = render_template(
        "errors/error.html",
        status=status,
        heading=TITLES.get(status, TITLES[400]),
        message=message or WORDS.get(status, WORDS[400]),
        **more,
    )
    return make_response(body, status)


def _workflow(error: WorkflowError) -> ResponseReturnValue:
    if isinstance(error, Stale):
        return make_response(render_template("errors/stale.html", happened=error.happened), 409)
    if isinstance(error, NotAllowed):
        log.warning("refused", rule=error.rule)
        tried = write_down(error)
        seat = getattr(member(), "seat", None)
        return page(
            403, error.message, rule=error.rule, rule_name=rule_name(error.rule), tried=tried, seat=seat
        )
    if isinstance(error, AnswersRefused):
        return page(422, error.message, faults=error.faults)
    return page(error.status, error.message)


def _forged(error: CSRFError) -> ResponseReturnValue:
    log.warning("csrf", reason=error.description)
    return page(400)


def _http(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if code < 400:
        return error.get_response()
    response = make_response(page(code))
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _database(error: OperationalError) -> ResponseReturnValue:
    log.error("database", exc_info=error)
    return _bare(503)


def _unsigned(error: KeyRefused) -> ResponseReturnValue:
    log.error("key_refused", reason=str(error))
    return _bare(503, UNSIGNED)


def _unexpected(error: Exception) -> ResponseReturnValue:
    log.error("unexpected", exc_info=error)
    return _bare(500)


def _bare(status: int, message: Text | None = None) -> ResponseReturnValue:
    """A page that asks the database nothing, because the database may be what broke."""
    words = message or WORDS[status]
    body = render_template("errors/bare.html", status=status, heading=TITLES[status], message=words)
    return make_response(body, status)


def install(app: Flask) -> None:
    app.register_error_handler(WorkflowError, _workflow)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(KeyRefused, _unsigned)
    app.register_error_handler(Exception, _unexpected)
