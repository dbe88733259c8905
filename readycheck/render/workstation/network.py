"""The link in sentences: of which kind, how strong, and whether a VPN takes the voice."""

from readycheck.model.failure import FailureCode
from readycheck.render import format as say
from readycheck.render.readings import mapping, mappings, named, plain_number
from readycheck.render.workstation.subject import Said, Subject

_KINDS = {"ethernet", "wifi", "cellular", "loopback", "virtual"}
_RADIO = {"wifi_signal_dbm", "wifi_band_ghz", "wifi_channel"}
_VPN_ANSWERS = {"vpn_active", "media_via_vpn", "media_via_vpn_ratio", "signalling_via_vpn"}


def told(subject: Subject) -> list[Said]:
    """The link, its signal, the VPN."""
    link = subject.value("link")
    if link not in _KINDS:
        return [subject.untold("ws_what_link", "link"), *_vpn(subject)]
    speed = plain_number(subject.value("link_speed_bps"))
    shown = f" ({say.amount(speed, 'bit/s', subject.words)})" if speed and link == "ethernet" else ""
    sentences = [_wifi(subject) if link == "wifi" else subject.said(f"ws_link_{link}", speed=shown)]
    if link == "wifi" and plain_number(subject.value("wifi_signal_dbm")) is None:
        sentences.append(_no_signal(subject))
    return sentences if link == "loopback" else [*sentences, *_vpn(subject)]


def cause(subject: Subject, attribute: str) -> str | None:
    """The link, the tunnel or the product behind an answer."""
    words = subject.words
    if attribute in _VPN_ANSWERS:
        return _vpn_cause(subject, attribute)
    if attribute in _RADIO and subject.reason(attribute) == FailureCode.PERMISSION_DENIED:
        return words("ws_location")
    return None


def _no_signal(subject: Subject) -> Said:
    why = cause(subject, "wifi_signal_dbm") or subject.words.failure(subject.reason("wifi_signal_dbm") or "").short
    return Said(subject.words("ws_untold", what=subject.words("ws_what_signal"), why=why), known=False)


def _vpn_cause(subject: Subject, attribute: str) -> str | None:
    value, tunnels = subject.value(attribute), _tunnels(subject)
    if value is None:
        return _agents(subject) if subject.reason(attribute) == FailureCode.NOT_PROVEN else None
    if subject.value("vpn_active") is False:
        return subject.words("ws_no_vpn").rstrip(".")
    return subject.words("ws_through_vpn" if value else "ws_beside_vpn", name=subject.listed(tunnels) or "?")


def _wifi(subject: Subject) -> Said:
    words = subject.words
    signal, channel = plain_number(subject.value("wifi_signal_dbm")), plain_number(subject.value("wifi_channel"))
    facts = [
        say.amount(signal, "dBm", words) if signal is not None else "",
        words("ws_channel", channel=say.number(channel, words, 0)) if channel is not None else "",
    ]
    shown = ", ".join(filter(None, facts))
    return subject.said("ws_link_wifi_at", facts=shown) if shown else subject.said("ws_link_wifi")


def _vpn(subject: Subject) -> list[Said]:
    active, media = subject.value("vpn_active"), subject.value("media_via_vpn")
    if active is None:
        return [subject.untold("ws_what_vpn", "vpn_active", _agents(subject))]
    if active is False:
        return [subject.said("ws_no_vpn")]
    tunnel, names = subject.value("vpn_tunnel"), subject.listed(_tunnels(subject))
    sentences = [
        subject.said("ws_vpn_full" if tunnel == "full" else "ws_vpn_split", name=f" ({names})" if names else "")
    ]
    if media is None:
        some = plain_number(subject.value("media_via_vpn_ratio"))
        return [*sentences, subject.said("ws_voice_some") if some else subject.untold("ws_what_media", "media_via_vpn")]
    return [*sentences, subject.said("ws_voice_via_vpn" if media else "ws_voice_beside_vpn")]


def _tunnels(subject: Subject) -> list[str]:
    """What the system calls the VPN's adapters."""
    found = [one for one in mappings(subject.evidence.get("interfaces")) if one.get("is_vpn") is True]
    return [named(one.get("description") or one.get("name"), 60) for one in found if one.get("is_up") is True]


def _agents(subject: Subject) -> str | None:
    """Products that may take packets elsewhere, or adapters that may be a tunnel."""
    agents = subject.evidence.get("agents")
    names = [named(one, 60) for one in agents] if isinstance(agents, list) else []
    if names:
        return subject.words("ws_steers", names=subject.listed(names))
    doubtful = [one for one in mappings(subject.evidence.get("interfaces")) if one.get("is_vpn", 0) is None]
    if doubtful:
        return subject.words("ws_may_be_vpn", name=named(mapping(doubtful[0]).get("name"), 60))
    return None
