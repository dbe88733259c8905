"""Work beside the loop, and what becomes of its faults."""

import asyncio

import pytest

from readycheck.net.beside import beside


@pytest.mark.parametrize(
    ("fault", "told"),
    [(OSError(2, "gone"), OSError), (AttributeError("group"), AttributeError), (StopIteration(), RuntimeError)],
)
async def test_every_fault_reaches_who_waits(fault: Exception, told: type[Exception]) -> None:
    """None ends with its thread, which would be a hang; a coroutine's StopIteration is a RuntimeError (PEP 479)."""

    def fail() -> None:
        raise fault

    with pytest.raises(told):
        async with asyncio.timeout(30):
            await beside(fail, "fail")
