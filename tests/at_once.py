"""Several people at the same time."""

import threading
from concurrent.futures import ThreadPoolExecutor


def at_once(*calls):
    """Let all calls start together; what each returned or raised."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait()
        try:
            return call()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
