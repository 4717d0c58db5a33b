"""One client of the measured pages: signs in, opens worklist and task, submits. Standard library only.

`python -P web/bench_client.py --plan FILE`: says `ready` once signed in, waits for a line, then prints the
seconds of every page it has asked for.
"""

import argparse
import http.client
import json
import re
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')
NAME, VALUE = re.compile(r'name="([^"]*)"'), re.compile(r'value="([^"]*)"')
WANTED = ("csrf_token", "_once")


class Unexpected(Exception):
    """A page answered otherwise than measured pages must."""


@dataclass
class Browser:
    """One signed-in session over one kept connection."""

    host: str
    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection(self.host, self.port, timeout=60)

    def sign_in(self, login: str, password: str) -> None:
        page = self.get("/sign-in")
        self.post("/sign-in", {**hidden(page), "login": login, "password": password})

    def get(self, path: str) -> str:
        status, body = self._ask("GET", path, None)
        if status != 200:
            raise Unexpected(f"{path}: {status}")
        return body

    def post(self, path: str, fields: dict[str, str]) -> None:
        """Submit a form that must be taken (a redirect)."""
        status, body = self._ask("POST", path, urlencode(fields))
        if status != 303:
            words = " ".join(re.sub(r"<[^>]*>", " ", body).split())
            raise Unexpected(f"{path}: {status} {words[:800]}")

    def _ask(self, method: str, path: str, body: str | None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        for last in (False, True):
            try:
                self._connection.request(method, path, body, headers)
                answer = self._connection.getresponse()
                break
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self._connection.close()  # the server has closed the idle connection; nothing was sent twice
                if last:
                    raise
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                pair = value.split(";", 1)[0]
                key, _, content = pair.partition("=")
                self.cookies[key.strip()] = content
        return answer.status, answer.read().decode()


def hidden(page: str) -> dict[str, str]:
    """What the form carries by itself: the token against forgery and the key of the submission."""
    found = {}
    for tag in HIDDEN.findall(page):
        name, value = NAME.search(tag), VALUE.search(tag)
        if name and value and name[1] in WANTED:
            found[name[1]] = value[1]
    return found


class Clocked(dict[str, list[float]]):
    """Seconds by kind of request."""

    def take(self, kind: str, act: Any, *arguments: Any) -> Any:
        began = time.perf_counter()
        answer = act(*arguments)
        self.setdefault(kind, []).append(time.perf_counter() - began)
        return answer


def steps(
    plan: dict[str, Any], worker: int, clocked: Clocked, browsers: dict[str, Browser], part: str
) -> None:
    for case_id in plan[part][worker]:
        for step in plan["steps"]:
            browser = browsers[step["login"]]
            address = f"/cases/{case_id}/tasks/{step['task']}"
            clocked.take("worklist", browser.get, "/work")
            page = clocked.take("task", browser.get, address)
            clocked.take("submit", browser.post, address, {**hidden(page), **step["answers"]})


def reads(plan: dict[str, Any], clocked: Clocked, browsers: dict[str, Browser], times: int) -> None:
    """Every page of the plan in turn: name → whose page, and its address."""
    for _ in range(times):
        for name, (login, address) in plan["pages"].items():
            clocked.take(name, browsers[login].get, address)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--worker", type=int, default=0)
    told = parser.parse_args()
    plan = json.loads(told.plan.read_text(encoding="utf-8"))
    browsers = {login: Browser(plan["host"], plan["port"]) for login in plan["logins"]}
    for login, browser in browsers.items():
        browser.sign_in(login, plan["password"])
    warm = Clocked()
    if plan["reads"]:
        reads(plan, warm, browsers, 3)
    else:
        steps(plan, told.worker, warm, browsers, "warm")
    print("ready", flush=True)
    sys.stdin.readline()
    clocked, began = Clocked(), time.monotonic()
    if plan["reads"]:
        reads(plan, clocked, browsers, plan["reads"])
    else:
        steps(plan, told.worker, clocked, browsers, "cases")
    ended = time.monotonic()
    seconds = clocked.get("submit") or next(iter(clocked.values()))
    print(json.dumps({"seconds": seconds, "kinds": clocked, "cpu": 0.0, "began": began, "ended": ended}))


if __name__ == "__main__":
    main()
