"""A house that nobody will miss: nothing in it waits for the disk."""

from typing import Any

from sqlalchemy import event

from workflow.house import House


def never_wait_for_the_disk(house: House) -> None:
    """For a database that is thrown away afterwards: a machine that fails takes the simulation with it."""
    house.fsync = house.files.fsync = house.sequencer().fsync = _at_once
    if house.engine.dialect.name == "sqlite":
        event.listen(house.engine, "connect", _careless)
    else:
        event.listen(house.engine, "connect", _careless_server)
    house.engine.dispose()


def _at_once(descriptor: int) -> None:
    """No flush."""


def _careless(connection: Any, record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def _careless_server(connection: Any, record: Any) -> None:
    connection.execute("SET synchronous_commit TO off")
    connection.commit()
