"""How often somebody may try: sign-in and what is open to everybody."""

import hashlib

from flask import Flask, Response, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(key_func=get_remote_address, storage_uri="memory://", strategy="fixed-window")


def _login() -> str:
    name = request.form.get("login", "").strip().lower()
    return "login:" + hashlib.sha256(name.encode()).hexdigest()[:16]


def _login_here() -> str:
    return f"{_login()}:{get_remote_address()}"


def _failed(response: Response) -> bool:
    return response.status_code >= 400


def _done(response: Response) -> bool:
    return response.status_code < 400


signing_in = (
    limiter.limit("5 per 30 minutes", key_func=_login_here, methods=["POST"], deduct_when=_failed),
    limiter.limit("20 per 30 minutes", key_func=_login, methods=["POST"], deduct_when=_failed),
    limiter.limit("60 per minute", methods=["POST"]),
)
reading_a_calendar = limiter.limit("600 per hour")
objecting = limiter.limit("6 per hour", methods=["POST"], deduct_when=_done)


def install(app: Flask) -> None:
    app.config.setdefault("RATELIMIT_HEADERS_ENABLED", False)
    limiter.init_app(app)
