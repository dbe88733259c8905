"""STUN messages and ChannelData over a stream (RFC 8656 section 12.5)."""

from collections.abc import Iterator

from readycheck.rtc import stun
from readycheck.rtc.stun import Malformed

_STUN_HEADER = 20
_CHANNEL_HEADER = 4
HTTP_ANSWER = "an HTTP answer, not TURN"
"""A web server, or a proxy that opens TLS and takes all that is inside for HTTP."""


class StreamFraming:
    """Cuts a stream into messages. Junk raises Malformed: a stream cannot be read on after it."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Whole messages among what has come so far, padding removed."""
        self._buffer += data
        while len(self._buffer) >= _CHANNEL_HEADER:
            if self._buffer.startswith(b"HTTP"):  # 0x4854 would pass for a channel
                raise Malformed(HTTP_ANSWER)
            length = int.from_bytes(self._buffer[2:4], "big")
            if stun.is_channel_data(self._buffer):
                size, padded = _CHANNEL_HEADER + length, _CHANNEL_HEADER + length + -length % 4
            elif self._buffer[0] & 0xC0 == 0 and length % 4 == 0:
                size = padded = _STUN_HEADER + length
            else:
                raise Malformed("neither STUN nor ChannelData on the stream")
            if len(self._buffer) < padded:
                return
            message, self._buffer = self._buffer[:size], self._buffer[padded:]
            yield message


def pad(message: bytes) -> bytes:
    """A message as it goes on a stream: ChannelData filled up to four octets."""
    return message + bytes(-len(message) % 4)
