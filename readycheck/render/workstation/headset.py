"""The headset in sentences: which one, how it is linked, whether it is on the list and the one that calls use."""

from typing import Any

from readycheck.model.failure import FailureCode
from readycheck.render.readings import mapping, mappings, named
from readycheck.render.workstation.subject import Said, Subject

_KINDS = ("headset", "dongle", "adapter")
_HEARD_BY = ("listened_to_headset", "played_to_headset")
_DESCRIBED = {"form", "link", "model", "hands_free"}
_FACTS = ("mono", "duo", "usb", "dect", "bluetooth", "analog", "adapter")


def told(subject: Subject) -> list[Said]:
    """The headset, or what is there in its place; list and default; what was heard."""
    device = _device(subject)
    if not device:
        return [*_nothing(subject), *_heard(subject)]
    sentences = [subject.said("ws_headset_is", device=_described(subject, device))]
    listed = subject.value("listed")
    if isinstance(listed, bool):
        sentences.append(subject.said("ws_listed" if listed else "ws_not_listed"))
    elif subject.is_asked("listed"):
        sentences.append(subject.untold("ws_what_listed", "listed", subject.words("ws_shows_no_id")))
    return [*sentences, *_default(subject), *_remarks(subject), *_heard(subject)]


def cause(subject: Subject, attribute: str) -> str | None:
    """The device that is there and should not be, or is not there."""
    device, words = _device(subject), subject.words
    if not device:
        return _remote_sound(subject) if subject.value("present") is None else _nothing(subject)[0].text.rstrip(".")
    value, name = subject.value(attribute), _identified(device)
    if attribute == "listed":
        return _list_cause(subject, name)
    if attribute in _HEARD_BY and value is False:
        return _other_device(subject)
    if attribute in {"default_device", "communications_device"} and value is False:
        return _defaults(subject, "default" if attribute == "default_device" else "communications_default") or None
    if attribute == "call_control" and value is False:
        return words("ws_no_buttons", name=name)
    return _described(subject, device) if attribute in _DESCRIBED and value is not None else None


def _list_cause(subject: Subject, name: str) -> str | None:
    if subject.value("listed") is False:
        return subject.words("ws_not_on_list", name=name)
    return subject.words("ws_list_open", name=name) if subject.reason("listed") == FailureCode.NOT_PROVEN else None


def _device(subject: Subject) -> dict[str, Any]:
    """The one in question, as the probe chooses it: the default of all sound or of calls before others."""
    found = [
        one
        for one in mappings(subject.evidence.get("devices"))
        if one.get("kind") in _KINDS and one.get("captures") is True and one.get("renders") is True
    ]
    ranked = sorted(
        found, key=lambda one: (one.get("default") is not True, one.get("communications_default") is not True)
    )
    return ranked[0] if ranked else {}


def _identified(device: dict[str, Any]) -> str:
    """Name and USB ids."""
    ids = device.get("ids")
    shown = ", ".join(named(one, 20) for one in ids[:2]) if isinstance(ids, list) else ""
    return f"{named(device.get('product')) or '?'} ({shown})" if shown else named(device.get("product")) or "?"


def _described(subject: Subject, device: dict[str, Any]) -> str:
    """With ears and link, where they are known."""
    known = (device.get(key) for key in ("form", "link"))
    facts = [subject.words(f"ws_{value}") for value in known if value in _FACTS]
    return ", ".join([_identified(device), *facts])


def _default(subject: Subject) -> list[Said]:
    default, calls = subject.value("default_device"), subject.value("communications_device")
    if default is True:
        return [subject.said("ws_default")]
    if default is None:
        return [subject.untold("ws_what_default", "default_device")]
    elsewhere = _defaults(subject, "default")
    sentences = [
        subject.said("ws_not_default", elsewhere=elsewhere) if elsewhere else subject.said("ws_not_default_bare")
    ]
    return sentences + ([subject.said("ws_default_for_calls")] if calls is True else [])


def _defaults(subject: Subject, which: str) -> str:
    """What is chosen in its place, microphone before loudspeaker."""
    chosen = [
        subject.words(f"ws_{which}_{direction}", name=names[0])
        for direction in ("capture", "render")
        if (names := [named(one.get("name")) for one in _endpoints(subject, direction) if one.get(which) is True])
    ]
    return ", ".join(chosen)


def _endpoints(subject: Subject, direction: str) -> list[dict[str, Any]]:
    return [one for one in mappings(subject.evidence.get("endpoints")) if one.get("direction") == direction]


def _nothing(subject: Subject) -> list[Said]:
    """No headset is told: a dongle alone, another machine's sound, other microphones, none at all."""
    if subject.value("dongle_alone") is True:
        dongles = [one for one in mappings(subject.evidence.get("devices")) if one.get("kind") == "dongle"]
        return [subject.said("ws_dongle", name=_identified(dongles[0]) if dongles else "?")]
    if subject.value("present") is None:
        return [subject.untold("ws_what_headset", "present", _remote_sound(subject))]
    microphones = _endpoints(subject, "capture")
    if not microphones:
        return [subject.said("ws_no_microphone")]
    chosen = next((one for one in microphones if one.get("default") is True), microphones[0])
    return [subject.said("ws_no_headset", name=named(chosen.get("name")))]


def _remote_sound(subject: Subject) -> str | None:
    """That the sound comes through the session: the headset is at its other end."""
    remote = [one for one in mappings(subject.evidence.get("devices")) if one.get("bus") == "remote"]
    return subject.words("ws_remote_sound", name=named(remote[0].get("product"))) if remote else None


def _remarks(subject: Subject) -> list[Said]:
    return [subject.said("ws_hands_free")] if subject.value("hands_free") is True else []


def _heard(subject: Subject) -> list[Said]:
    """With `--listen` alone."""
    listening = mapping(subject.evidence.get("listening"))
    if not listening:
        return []
    failure = mapping(listening.get("failure")).get("code")
    if failure:
        why = subject.words.failure(str(failure)).short
        return [Said(subject.words("ws_untold", what=subject.words("ws_what_heard"), why=why), known=False)]
    if any(subject.value(attribute) is False for attribute in _HEARD_BY):
        return [subject.said("ws_heard_elsewhere", devices=_other_device(subject))]
    level = subject.value("listen_level_dbfs")
    if subject.value("listen_silent") is True or level is None:
        return [subject.said("ws_heard_nothing")]
    return [subject.said("ws_heard_clipped" if subject.value("listen_clipped") is True else "ws_heard")]


def _other_device(subject: Subject) -> str:
    """What was recorded and played to in the headset's place."""
    listening = mapping(subject.evidence.get("listening"))
    return subject.words(
        "ws_listened_to", input=named(listening.get("input")) or "?", output=named(listening.get("output")) or "?"
    )
