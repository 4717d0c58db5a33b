"""`mingjian serve`: the pages and, beside them, the worker that watches the time.

One process with threads on SQLite (one writer is enough for a county); on PostgreSQL as many
processes as wanted. Every process opens the house for itself, after the fork.
"""

from typing import TYPE_CHECKING, Any

import click
from gunicorn.app.base import BaseApplication
from werkzeug.middleware.proxy_fix import ProxyFix

from web.app import create_app
from web.logs import configure
from workflow.house import House, open_house
from workflow.jobs import Worker
from workflow.releasing.telling import console_words
from workflow.staying import stay

if TYPE_CHECKING:
    from workflow.cli import Settings


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, told everything here; it reads no file and no argument of its own."""

    def __init__(self, settings: "Settings", options: dict[str, Any], *, https: bool, proxies: int) -> None:
        self.settings, self.options = settings, options
        self.https, self.proxies = https, proxies
        self.house: House | None = None
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application; called in each process after the fork."""
        self.house = open_house(self.settings.database, self.settings.home)
        app = create_app(self.house, https=self.https)
        if self.proxies:
            app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
                app.wsgi_app, x_for=self.proxies, x_proto=self.proxies, x_host=self.proxies
            )
        stay()
        return app


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址。Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="端口。Port.")
@click.option("--threads", default=8, show_default=True, help="每个进程的线程数。Threads per process.")
@click.option(
    "--processes", default=1, show_default=True,
    help="进程数；用 SQLite 时只能是 1。Processes; on SQLite only 1.",
)  # fmt: skip
@click.option(
    "--https", is_flag=True, help="前面有 HTTPS，Cookie 只走加密连接。Behind HTTPS: secure cookies."
)
@click.option(
    "--proxies",
    default=0,
    show_default=True,
    help="前面的反向代理层数。Reverse proxies in front.",
)
@click.option("--without-worker", is_flag=True, help="不在这里跑后台任务。Run `mingjian worker` apart.")
@click.pass_obj
def serve(
    settings: "Settings",
    host: str,
    port: int,
    threads: int,
    processes: int,
    https: bool,
    proxies: int,
    without_worker: bool,
) -> None:
    """启动网页服务。Serve the pages."""
    if processes > 1 and settings.url.startswith("sqlite"):
        raise click.UsageError("SQLite 只能用一个进程，多用线程。SQLite takes one process; use threads.")
    house = open_house(settings.database, settings.home)  # what is broken is told here, in words
    for line in console_words(house):
        click.echo(line, err=True)
    house.close()
    configure()
    server = Server(
        settings, _options(host, port, threads, processes, without_worker), https=https, proxies=proxies
    )
    server.options["post_worker_init"] = _starter(server, without_worker)
    server.options["worker_exit"] = _stopper(server)
    server.load_config()
    address = f"http://{host}:{port}"
    click.echo(f"明鉴在 {address} ，按 Ctrl+C 停止。Mingjian is at {address} ; Ctrl+C stops it.")
    server.run()


def _options(host: str, port: int, threads: int, processes: int, without_worker: bool) -> dict[str, Any]:
    return {
        "bind": f"{host}:{port}",
        "worker_class": "gthread",
        "workers": processes,
        "threads": threads,
        "timeout": 60,
        "graceful_timeout": 20,
        "keepalive": 5,
        "max_requests": 0,
        "accesslog": None,
        "errorlog": "-",
        "loglevel": "warning",
        "proc_name": "mingjian",
        "worker_tmp_dir": "/dev/shm",  # noqa: S108  the heartbeat file must not touch a slow disk
        "limit_request_line": 4094,
        "limit_request_fields": 60,
    }


def _starter(server: Server, without_worker: bool) -> Any:
    def start(worker: Any) -> None:
        if not without_worker and server.house is not None:
            worker.mingjian = Worker(server.house)
            worker.mingjian.start()

    return start


def _stopper(server: Server) -> Any:
    def stop(arbiter: Any, worker: Any) -> None:
        running = getattr(worker, "mingjian", None)
        if running is not None:
            running.stop()
        if server.house is not None:
            server.house.close()

    return stop
