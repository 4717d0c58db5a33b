"""A witness over HTTP: POST /add-checkpoint; GET / says who it is and what it has seen."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from audit.witness.answering import PLAIN, Answer, Witness
from audit.witness.asking import LONGEST

AT_ONCE = 32
PATIENCE = 10.0  # seconds for a request to arrive


class Handler(BaseHTTPRequestHandler):
    server: "Server"
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "mingjian-witness", ""
    timeout = PATIENCE

    def do_POST(self) -> None:
        if self.path.rstrip("/").endswith("/add-checkpoint"):
            self._answer(self._judge())
        else:
            self.close_connection = True  # its body is not read
            self._answer(Answer(404, "POST /add-checkpoint\n"))

    def do_GET(self) -> None:
        self._answer(Answer(200, describe(self.server.witness)))

    def _judge(self) -> Answer:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            self.close_connection = True
            return Answer(411, "say how long the request is\n")
        if int(length) > LONGEST:
            self.close_connection = True
            return Answer(413, "too long\n")
        try:
            return self.server.witness.answer(self.rfile.read(int(length)))
        except OSError:
            return Answer(500, "what was seen could not be kept, so nothing was signed\n")

    def _answer(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type or PLAIN)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: Any) -> None:
        """Requests are not worth a line each."""


class Server(ThreadingHTTPServer):
    """Answers at most AT_ONCE requests at a time; more wait."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], witness: Witness) -> None:
        self.witness = witness
        self._room = threading.BoundedSemaphore(AT_ONCE)
        super().__init__(address, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._room.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()


def describe(witness: Witness) -> str:
    """The witness's key, and for each log how large it was when last signed."""
    lines = [witness.signer.key.vkey]
    for name in dict.fromkeys(key.name for key in witness.logs()):
        checkpoint = witness.seen(name)
        lines.append(f"{name} {checkpoint.size} {checkpoint.root.hex()}" if checkpoint else f"{name} -")
    return "".join(f"{line}\n" for line in lines)
