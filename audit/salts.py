"""Find a salt that was used twice among any number of them, without holding them in memory."""

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from types import TracebackType
from uuid import UUID

_BUCKETS = 128
_IN_MEMORY = 65_536  # per bucket, in bytes; what is more goes to a temporary file
_SALT = 16  # half a salt tells two random ones apart
_RECORD = _SALT + 16 + 8


class Salts:
    """Salts with the entry that used them, spread over buckets so that equal ones meet in one."""

    def __init__(self) -> None:
        self._buckets = [SpooledTemporaryFile(_IN_MEMORY) for _ in range(_BUCKETS)]  # noqa: SIM115 - closed by __exit__

    def __enter__(self) -> "Salts":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for bucket in self._buckets:
            bucket.close()

    def add(self, salt: bytes, chain: UUID, seq: int) -> None:
        record = salt[:_SALT].ljust(_SALT, b"\x00") + chain.bytes + seq.to_bytes(8, "big")
        self._buckets[record[0] % _BUCKETS].write(record)

    def repeated(self) -> Iterator[tuple[UUID, int]]:
        """Chain and seq of every entry that used a salt that an earlier one (or itself) had used."""
        for bucket in self._buckets:
            bucket.seek(0)
            seen: set[bytes] = set()
            while record := bucket.read(_RECORD):
                if record[:_SALT] in seen:
                    yield UUID(bytes=record[_SALT:-8]), int.from_bytes(record[-8:], "big")
                seen.add(record[:_SALT])
