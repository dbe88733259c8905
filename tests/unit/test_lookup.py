"""A and AAAA told apart, whatever the system's resolver does."""

import socket
import threading
from typing import Any

import pytest

from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.net.lookup import look_up

NO_DATA = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
BUSY = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


def answer(monkeypatch: pytest.MonkeyPatch, by_family: dict[int, Any]) -> None:
    """What the resolver says from now on, by address family."""

    def getaddrinfo(host: str, port: object, *, family: int, **_: object) -> list[Any]:
        said = by_family[family]
        if isinstance(said, Exception):
            raise said
        return [(family, 1, 6, "", (address, 0)) for address in said]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


async def test_each_family_has_its_own_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every A address once, and no AAAA is a failure of that family alone."""
    answer(monkeypatch, {socket.AF_INET: ["192.0.2.1", "192.0.2.2", "192.0.2.1"], socket.AF_INET6: NO_DATA})

    assert await look_up("a.example", 4) == ("192.0.2.1", "192.0.2.2")
    with pytest.raises(OperationFailed) as missing:
        await look_up("a.example", 6)
    assert missing.value.failure.code == FailureCode.DNS_NOT_FOUND


@pytest.mark.parametrize(
    ("error", "code"), [(BUSY, FailureCode.DNS_TIMEOUT), (UnicodeError("label too long"), FailureCode.DNS_NOT_FOUND)]
)
async def test_refusals(monkeypatch: pytest.MonkeyPatch, error: Exception, code: FailureCode) -> None:
    """A resolver without an answer, and a name that is none."""
    answer(monkeypatch, {socket.AF_INET: error})
    with pytest.raises(OperationFailed) as refused:
        await look_up("a.example", 4)

    assert refused.value.failure.code == code


async def test_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that hangs is left behind, and its late answer disturbs nobody."""
    released = threading.Event()

    def hang(*_: object, **__: object) -> list[Any]:
        released.wait(5)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    with pytest.raises(OperationFailed) as late:
        await look_up("a.example", 4, timeout_s=0.05)
    released.set()

    assert late.value.failure.code == FailureCode.DNS_TIMEOUT
