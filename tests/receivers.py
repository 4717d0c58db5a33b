"""A real mail server and a real HTTP receiver, each in a thread of its own, for the tests of the channels."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


@dataclass
class Mailbox:
    """Takes what it is sent, but for addresses in `refuses` (with their code); `down` refuses everything."""

    mails: list[Any] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    down: bool = False
    logins: list[str] = field(default_factory=list)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.down:
            return "451 come back later"
        if address in self.refuses:
            return f"{self.refuses[address]} no"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 ok"

    def authenticate(self, server, session, envelope, mechanism, data):
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login.decode())
        return AuthResult(success=data.password == b"right", handled=False)


@contextmanager
def mail_server() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(
        box, hostname="127.0.0.1", port=port, authenticator=box.authenticate, auth_require_tls=False
    )
    controller.start()
    yield box, port
    controller.stop()


@dataclass
class Robot:
    """Remembers every call; answers `status` and `answer`, or `raw` bytes, or not at all while `silent`."""

    calls: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    status: int = 200
    answer: Any = field(default_factory=lambda: {"errcode": 0})
    raw: bytes = b""
    silent: bool = False
    wake: threading.Event = field(default_factory=threading.Event)


@contextmanager
def robot() -> Iterator[tuple[Robot, str]]:
    this = Robot()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if this.raw:
                self.wfile.write(this.raw)
                return
            this.calls.append((self.path, dict(self.headers), json.loads(body)))
            if this.silent:
                this.wake.wait(30)
                return
            content = json.dumps(this.answer).encode()
            self.send_response(this.status)
            if this.status in (301, 302, 307):
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield this, f"http://127.0.0.1:{server.server_port}/hook"
    this.wake.set()
    server.shutdown()
    server.server_close()
