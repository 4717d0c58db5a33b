"""A stored paper as an answer: never run, never guessed, shown only inside our own pages."""

from urllib.parse import quote

from flask import Response

INLINE = {"image/jpeg", "image/png", "image/webp", "application/pdf"}


def response(content: bytes, mime: str, name: str, *, download: bool = False) -> Response:
    """The bytes with the type that was found when they came in."""
    shown = mime in INLINE and not download
    answer = Response(content, mimetype=mime if mime in INLINE else "application/octet-stream")
    kind = "inline" if shown else "attachment"
    answer.headers["Content-Disposition"] = f"{kind}; filename*=UTF-8''{quote(name)}"
    # A PDF viewer of a browser needs to run; an image needs nothing.
    sandbox = "" if mime == "application/pdf" else "; sandbox"
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'{sandbox}"
    )
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
