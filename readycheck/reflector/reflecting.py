"""A session reflector beside the caller's own work: one thread, for as long as a context lasts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from readycheck.reflector.server import Reflector


@contextmanager
def reflecting(**options: Any) -> Iterator[Reflector]:
    """A reflector on a free port of loopback, or as the options say; raises OSError."""
    reflector = Reflector(**{"port": 0, **options})
    reflector.open()
    thread = threading.Thread(target=reflector.serve, name="reflector")
    thread.start()
    try:
        yield reflector
    finally:
        reflector.stop()
        thread.join()
        reflector.close()
