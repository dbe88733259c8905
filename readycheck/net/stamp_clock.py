"""How far this machine's clock is from a STAMP reflector's (RFC 8762), by the offset of RFC 5905 section 8."""

import asyncio
import os
import time

from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.net.stamp import open_stamp_link
from readycheck.rtc.stamp import (
    Malformed,
    SenderPacket,
    decode_reflector,
    encode_sender,
    ntp_timestamp,
    seconds_between,
)

PACKETS = 3
_INTERVAL_S, _WAIT_S = 0.05, 1.0
_OPERATION = "read clock"

Offset = tuple[float, float]
"""The reflector's clock less this machine's, and how far that may be off at most; seconds."""


def offset_of(octets: bytes, arrived_unix_ns: int, key: bytes | None) -> Offset | None:
    """What one reply tells; None if the reflector does not vouch for its clock. Raises Malformed.

    The way out and the way back are taken for equal: at most half the round trip is wrong, and what the reflector's
    error estimate says (RFC 4656 section 4.1.2).
    """
    reply = decode_reflector(octets, key)
    if not reply.error_estimate.synchronized or reply.error_estimate.ptp:
        return None
    out_s = seconds_between(reply.receive_timestamp, reply.sender_timestamp)
    back_s = seconds_between(reply.timestamp, ntp_timestamp(arrived_unix_ns))
    round_trip_s = max(0.0, out_s - back_s)
    tick_s = time.get_clock_info("time").resolution
    return (out_s + back_s) / 2, round_trip_s / 2 + reply.error_estimate.seconds + tick_s


async def read_offset(address: str, port: int, key: bytes | None) -> Offset:
    """The offset by the reply with the least doubt; raises OperationFailed, not_proven for a clock that nobody sets."""
    replies: list[tuple[bytes, float]] = []
    started_s, started_unix_ns = time.perf_counter(), time.time_ns()

    def unix_ns(at_s: float) -> int:
        return started_unix_ns + round((at_s - started_s) * 1e9)

    async with open_stamp_link(address, port) as link:
        link.on_reply = lambda octets, at_s: replies.append((octets, at_s))
        ssid = int.from_bytes(os.urandom(2)) or 1
        for sequence in range(PACKETS):
            link.send(
                encode_sender(SenderPacket(sequence, ntp_timestamp(unix_ns(time.perf_counter())), ssid=ssid), key)
            )
            await asyncio.sleep(_INTERVAL_S)
        ends_at_s = time.perf_counter() + _WAIT_S
        while len(replies) < PACKETS and time.perf_counter() < ends_at_s:
            await asyncio.sleep(0.01)
        failure = link.failure
    if not replies:
        code = failure.code if failure else FailureCode.STUN_TIMEOUT
        raise OperationFailed(code, _OPERATION, failure.detail if failure else None)
    offsets = [found for octets, at_s in replies if (found := _believed(octets, unix_ns(at_s), key))]
    if not offsets:
        raise OperationFailed(FailureCode.NOT_PROVEN, _OPERATION, "the reflector does not say that its clock is set")
    return min(offsets, key=lambda offset: offset[1])


def _believed(octets: bytes, arrived_unix_ns: int, key: bytes | None) -> Offset | None:
    try:
        return offset_of(octets, arrived_unix_ns, key)
    except Malformed:
        return None
