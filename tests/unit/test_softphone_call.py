"""The WebRTC call before anything is sent."""

import threading

import pytest

from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.net.webrtc import SoftphoneCall


async def test_the_voice_is_encoded_beside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C and timers are heard meanwhile; without libopus the call says so."""
    threads: list[threading.Thread] = []

    def encode(bitrate_bps: int, ptime_ms: int) -> list[bytes]:
        assert (bitrate_bps, ptime_ms) == (32_000, 20)
        threads.append(threading.current_thread())
        raise ValueError("no libopus")

    monkeypatch.setattr("readycheck.net.webrtc.encode_voice", encode)
    with pytest.raises(OperationFailed) as refused:
        async with SoftphoneCall.placed("turn:127.0.0.1:9", None, bitrate_bps=32_000, ptime_ms=20):
            pass

    assert refused.value.failure.code == FailureCode.CODEC_UNAVAILABLE
    assert len(threads) == 1
    assert threading.main_thread() not in threads
