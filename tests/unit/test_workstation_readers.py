"""What each system says of itself: its build, a pending restart, who filters UDP; and how far a clock is off."""

from typing import Any

import pytest

from readycheck.host.recorded import RecordedMachine
from readycheck.host.workstation.edition import Edition, edition
from readycheck.host.workstation.filters import UdpFilter, udp_filters
from readycheck.host.workstation.restart import Restart, restart
from readycheck.model.failure import FailureCode
from readycheck.net.stamp_clock import offset_of
from readycheck.rtc.stamp import ErrorEstimate, Malformed, ReflectorPacket, encode_reflector, ntp_timestamp
from tests.machines import NAMES, machine

NOON_NS = 1_800_000_000_000_000_000
MS = 1_000_000


def windows(registry: str = "", **parts: Any) -> RecordedMachine:
    return RecordedMachine({"platform": "windows", **parts}, registry)


@pytest.mark.parametrize("name", NAMES)
def test_documented_machines_tell_their_edition(name: str) -> None:
    """Name and build of each; Windows 11 still calls itself 10 in the registry."""
    told = edition(machine(name))

    assert told.name
    assert told.version
    assert "Windows 10" not in told.name


def test_linux_tells_its_distribution() -> None:
    """os-release with and without quotes, and the kernel."""
    files = {"/etc/os-release": 'NAME="Debian GNU/Linux"\nVERSION_ID=12\n', "/proc/sys/kernel/osrelease": "6.1.0-28\n"}

    assert edition(RecordedMachine({"platform": "linux", "files": files})) == Edition(
        "Debian GNU/Linux", "12", "6.1.0-28"
    )


PLIST = '<?xml version="1.0"?><plist version="1.0">'


@pytest.mark.parametrize("content", ["", "{", PLIST, PLIST + "<dict>", PLIST + "<array/></plist>", "bplist00\x00" * 9])
def test_truncated_plists_tell_nothing(content: str) -> None:
    """A file of macOS that is cut off or of another shape leaves the version null."""
    path = "/System/Library/CoreServices/SystemVersion.plist"

    assert edition(RecordedMachine({"platform": "macos", "files": {path: content}})) == Edition("macOS")


def test_hostile_names_and_wrong_types_of_the_registry() -> None:
    """What is no text or no number counts for nothing; text becomes one printable line."""
    key = r"[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion]"
    told = edition(
        windows(f'{key}\n"ProductName"="\x1b[31m<b>\u202e{"x" * 10_000}"\n"CurrentBuild"=hex:00,ff\n"UBR"="a"\n')
    )

    assert told.name
    assert told.name.isprintable()
    assert len(told.name) == 200
    assert told.version is None or told.version.startswith("10.0.")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("laptop-jabra", Restart(is_pending=False)),
        ("edge-non-proxied-udp", Restart(is_pending=True, signs=("RebootPending",))),
        ("laptop-poly-dongle", Restart(None, ("PendingFileRenameOperations",), FailureCode.NOT_PROVEN)),
        ("macos-15-headset", Restart(failure=FailureCode.UNSUPPORTED_PLATFORM)),
    ],
)
def test_pending_restart(name: str, expected: Restart) -> None:
    """A key of Windows' own proves it, files to be renamed alone do not, and macOS tells nobody."""
    assert restart(machine(name)) == expected


def test_windows_update_asks_for_a_restart() -> None:
    """Its key alone proves it, whatever may be read beside it."""
    key = r"[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired]"

    assert restart(windows(f'{key}\n"x"=dword:1\n')) == Restart(is_pending=True, signs=("RebootRequired",))
    assert restart(windows()) == Restart(failure=FailureCode.COMPONENT_MISSING)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["/var/run/reboot-required"], Restart(is_pending=True, signs=("/var/run/reboot-required",))),
        (["/usr/share/update-notifier/notify-reboot-required"], Restart(is_pending=False)),
        ([], Restart(failure=FailureCode.COMPONENT_MISSING)),
    ],
)
def test_debian_marks_a_restart(files: list[str], expected: Restart) -> None:
    """A mark that is missing says something only where somebody would have set it."""
    assert restart(RecordedMachine({"platform": "linux", "files": dict.fromkeys(files, "")})) == expected


def test_filters_that_are_known() -> None:
    """A driver that starts with the machine and an agent that runs; a disabled driver filters nothing."""
    kaspersky = UdpFilter("Kaspersky", "service klwfp")
    agent = RecordedMachine({"platform": "macos", "processes": ["ZSATunnel"]})

    assert udp_filters(machine("edge-non-proxied-udp")) == (kaspersky,)
    assert udp_filters(machine("laptop-jabra")) == ()
    assert udp_filters(agent) == (UdpFilter("Zscaler Client Connector", "process zsatunnel"),)
    assert udp_filters(windows()) == FailureCode.COMPONENT_MISSING


def reply(out_ns: int, held_ns: int, estimate: ErrorEstimate) -> bytes:
    """A reflector's answer to what left at noon, by its own clock."""
    received = NOON_NS + out_ns
    return encode_reflector(
        ReflectorPacket(
            *(0, ntp_timestamp(received + held_ns), ntp_timestamp(received)),
            sender_sequence=0,
            sender_timestamp=ntp_timestamp(NOON_NS),
            error_estimate=estimate,
        )
    )


SET = ErrorEstimate(synchronized=True, scale=22, multiplier=1)


@pytest.mark.parametrize("offset_ms", [-7_200_000, -3, 0, 250, 86_400_000])
def test_offset_from_four_time_stamps(offset_ms: int) -> None:
    """30 ms out, 5 ms held, 10 ms back: the truth lies within half a round trip and the reflector's own estimate."""
    arrived_ns = NOON_NS + 45 * MS
    told = offset_of(reply((30 + offset_ms) * MS, 5 * MS, SET), arrived_ns, None)

    assert told
    offset_s, doubt_s = told
    assert offset_s == pytest.approx(offset_ms / 1000 + 0.010, abs=1e-6)
    assert abs(offset_s - offset_ms / 1000) <= doubt_s
    assert doubt_s == pytest.approx(0.020 + 2**-10, abs=0.017)  # and one tick of this clock


def test_clock_that_nobody_sets_tells_no_time() -> None:
    """A reflector says itself whether its clock is set; octets that are no reply are refused."""
    for estimate in (ErrorEstimate(synchronized=False), ErrorEstimate(synchronized=True, ptp=True)):
        assert offset_of(reply(0, 0, estimate), NOON_NS, None) is None
    with pytest.raises(Malformed):
        offset_of(b"junk", NOON_NS, None)
