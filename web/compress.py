"""Pages go out compressed, for phones on a poor connection.

A page holds both a secret (its token) and words from outside, so its length must not tell anything:
every answer carries a name of random length in its gzip head.
"""

import gzip
import secrets
from io import BytesIO

from flask import Flask, Response, request

LEAST = 1400  # bytes; below that it fits one packet anyway
LEVEL = 5


def _compress(response: Response) -> Response:
    if response.mimetype != "text/html" or response.direct_passthrough:
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings.quality("gzip") <= 0 or response.content_encoding is not None:
        return response
    plain = response.get_data()
    if len(plain) < LEAST:
        return response
    out = BytesIO()
    name = secrets.token_urlsafe(48)[: 1 + secrets.randbelow(60)]
    with gzip.GzipFile(filename=name, mode="wb", compresslevel=LEVEL, fileobj=out, mtime=0) as packed:
        packed.write(plain)
    response.set_data(out.getvalue())
    response.content_encoding = "gzip"
    return response


def install(app: Flask) -> None:
    app.after_request(_compress)
