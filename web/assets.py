"""Styles and scripts: built by esbuild under names that carry a hash, served with a long life."""

import json
from pathlib import Path

from flask import Flask
from whitenoise import WhiteNoise

STATIC = Path(__file__).parent / "static"
PREFIX = "/static/"


def manifest() -> dict[str, str]:
    """Plain name → name with hash; empty before the first `npm run build`."""
    try:
        return dict(json.loads((STATIC / "dist" / "manifest.json").read_text()))
    except FileNotFoundError:
        return {}


def path_of(name: str) -> Path:
    """The built file itself, for the PDF that is made without a browser.

    Raises:
        FileNotFoundError: the styles have not been built yet.
    """
    built = manifest().get(name)
    if built is None:
        raise FileNotFoundError(f"{name} is not built; run npm ci && npm run build")
    return STATIC / "dist" / built


def install(app: Flask) -> None:
    names = manifest()

    def asset(name: str) -> str:
        return f"{PREFIX}dist/{names.get(name, name)}"

    app.jinja_env.globals["asset"] = asset
    hashed = set(names.values())
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(STATIC),
        prefix=PREFIX,
        immutable_file_test=lambda path, url: url.rsplit("/", 1)[-1] in hashed,
    )
