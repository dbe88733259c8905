"""Ctrl-C, and being asked to end: the first is heard, the rest must not cost what was measured."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def heard_once(on_interrupt: Callable[[], None]) -> Iterator[None]:
    """Call `on_interrupt` at the first of these signals and at no other, until the work is put away."""
    heard = False

    def hear(_number: int, _frame: FrameType | None) -> None:
        nonlocal heard
        if not heard:
            heard = True
            on_interrupt()

    # What is ignored from outside (nohup) stays ignored.
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, hear)
    try:
        yield
    finally:
        # Once heard, a further one would only spoil the status while the program ends.
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if heard else handler)


def as_ctrl_c() -> None:
    """Being asked to end is Ctrl-C where a command does not hear for itself: what is open is put away, status 130."""
    for number in _SIGNALS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _press_ctrl_c)


def _press_ctrl_c(_number: int, _frame: FrameType | None) -> None:
    """An event loop hears SIGINT in its own way, and ends its tasks; an exception in the midst of them it would not."""
    signal.raise_signal(signal.SIGINT)


def no_longer() -> None:
    """The answer is out: nothing may change the status while the interpreter ends."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
