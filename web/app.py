"""Putting the application together."""

from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from web import (
    access,
    addresses,
    assets,
    compress,
    errors,
    language,
    limits,
    logs,
    navigation,
    preferences,
    security,
    sessions,
)
from web.bilingual import Bilingual, kept
from web.here import request_id

if TYPE_CHECKING:
    from workflow.house import House

BLUEPRINTS = (
    "auth", "inbox", "public", "posting", "letters", "work", "case", "supervise", "inspect", "relatives",
    "register", "applying", "telling", "evidence", "mining", "verify", "policy", "flows", "pressing",
    "overseen", "extensions", "leave", "calendar", "green", "erasure", "staff",
    "findings", "flags", "conformance", "indicators", "evaluation", "reports",
    "spot_checks", "replaying", "searching", "moving",
)  # fmt: skip
csrf = CSRFProtect()


def create_app(
    house: "House",
    *,
    clock: Callable[[], datetime] | None = None,
    testing: bool = False,
    https: bool = False,
) -> Flask:
    """The application over an open house.

    `clock` gives the time of a request (UTC), the house's own unless told otherwise; `https` makes
    cookies Secure and sends HSTS.
    """
    app = Flask("web", static_folder=None, template_folder="templates")
    app.testing = testing
    app.extensions["mingjian.house"] = house
    app.extensions["mingjian.clock"] = clock or house.now
    app.jinja_environment = Bilingual
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_options["autoescape"] = True
    security.install(app, house.home, https=https)
    logs.install(app)
    sessions.install(app)
    app.before_request(access.limit_body)
    csrf.init_app(app)
    app.before_request(access.guard)
    limits.install(app)
    language.install(app)
    app.jinja_env.globals.update(new_key=lambda: uuid4().hex, request_id=request_id, kept=kept)
    addresses.install(app)
    preferences.install(app)
    navigation.install(app)
    assets.install(app)
    errors.install(app)
    compress.install(app)
    for name in BLUEPRINTS:
        if find_spec(f"web.{name}") is not None:
            module: Any = import_module(f"web.{name}")
            app.register_blueprint(module.bp)
    csrf.exempt(app.view_functions["preferences"])
    return app
