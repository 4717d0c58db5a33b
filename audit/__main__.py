"""`python -m audit DATABASE_URL --home DIR`: verify a database, print the report, exit 0 when it is sound.

Exit status 1: a fault was found. 2: it could not be checked (no such database, no tables, no usable key).
"""

import argparse
import json
import sys
from pathlib import Path

import pysqlite3.dbapi2
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from audit.vault import KEY_FILE, Vault, VaultError, load_key
from audit.verify import verify


def main(arguments: list[str] | None = None) -> int:
    """Run the command. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m audit", description="核对日志 / Verify the log.")
    parser.add_argument("database", help="数据库地址 / database URL (sqlite:///file, postgresql://…)")
    parser.add_argument("--home", type=Path, help="密钥所在目录 / folder with keys/vault.key")
    parser.add_argument("--json", action="store_true", help="以JSON输出 / print JSON")
    options = parser.parse_args(arguments)
    try:
        vault = Vault(load_key(options.home / KEY_FILE)) if options.home else None
        engine = _reader(make_url(options.database))
        with engine.connect() as conn:
            report = verify(conn, vault, _show)
        engine.dispose()
    except (SQLAlchemyError, VaultError, OSError) as error:
        print(f"无法核对 / cannot be checked: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        for zh, en in report.sentences():
            print(f"{zh}\n    {en}")
    return 0 if report.ok else 1


def _reader(url: URL) -> Engine:
    """Never writes: a SQLite file that is not there is an error, not a new database."""
    if url.get_backend_name() == "postgresql":
        return create_engine(url.set(drivername="postgresql+psycopg"))
    file = Path(url.database or "").resolve().as_uri()
    return create_engine(f"sqlite+pysqlite:///{file}?mode=ro&uri=true", module=pysqlite3.dbapi2)


def _show(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done}/{total}", end="" if done < total else "\n", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
