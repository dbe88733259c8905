"""What in a captured machine tells whose it is: names, serial numbers, networks, and what stands in their place."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readycheck.host.registry import Value
from readycheck.model.scrub import interface_stand_ins

_SHORTEST = 3
_EVERYBODYS = {
    *("root", "user", "users", "admin", "administrator", "administrateur", "system", "default", "public", "guest"),
    *("service", "local service", "network service", "nobody", "host", "localhost", "console", "workgroup", "agent"),
}
"""Names that tell of nobody."""

_USERS = {"username", "user", "logname", "sudo_user"}
_HOMES = {"userprofile", "home"}
_HOSTS = {
    *("computername", "hostname", "clientname", "logonserver", "userdomain", "userdnsdomain"),
    *("viewclient_machine_name", "viewclient_machine_fqdn"),
}
_SERIALS = (
    re.compile(r"VID_[0-9A-F]{4}&PID_[0-9A-F]{4}[^\\#\"\s]*[\\#]+([^\\#\"&\s]{4,})(?=[\\#\"]|$)", re.IGNORECASE),
    re.compile(r'"[^"\n]*serial[^"\n]*"\s*:\s*"([^"\n]{4,})"', re.IGNORECASE),  # JSON of system_profiler and pw-dump
    re.compile(r"<key>[^<]*serial[^<]*</key>\s*<string>([^<]{4,})</string>", re.IGNORECASE),  # ioreg's plist
    re.compile(r'\bserial\w* = "([^"\n]{4,})"', re.IGNORECASE),  # pactl
    re.compile(r"\bSerial Number[^:\n]*:[ \t]*(\S{4,})"),
)
_NETWORKS = re.compile(
    r"^\s*E?SSID(?: name)?\s*[:：=][ \t]*\"?([^\"\r\n]+?)\"?[ \t]*$",  # noqa: RUF001 - as netsh's Chinese builds write
    re.MULTILINE | re.IGNORECASE,
)


@dataclass(frozen=True)
class Identity:
    """One text that tells whose machine this is."""

    kind: str
    text: str
    stand_in: str


def identities(
    document: Mapping[str, Any], keys: Mapping[str, Mapping[str, Value]], host: str, environment: Mapping[str, str]
) -> list[Identity]:
    """The texts, the longest first; the same text has one stand-in wherever it is.

    `environment` is all of it: what names the machine or its user there need not have been asked for.
    """
    named = list(_named({**environment, **document["environment"]}, keys))
    hosts = [host, host.partition(".")[0], *(text for name, text in named if name in _HOSTS)]
    found: dict[str, Identity] = {}
    for kind, word, texts in (
        ("user name", "user", _users(document, named)),
        ("name of a machine or domain", "host", hosts),
        ("serial number", "SERIAL", _serials(document, keys)),
        ("Wi-Fi network", "NETWORK", _networks(document)),
    ):
        number = 0
        for text in dict.fromkeys(text.strip().strip("\\") for text in texts):
            if len(text) >= _SHORTEST and text.lower() not in _EVERYBODYS and text.lower() not in found:
                number += 1
                found[text.lower()] = Identity(kind, text, word if number == 1 else f"{word}{number}")
    for name, stand_in in interface_stand_ins(_texts(document)).items():
        found[name] = Identity("hardware address", name, stand_in)
    return sorted(found.values(), key=lambda one: -len(one.text))


def _named(environment: Mapping[str, Any], keys: Mapping[str, Mapping[str, Value]]) -> Iterator[tuple[str, str]]:
    """Variables of the environment and values of the registry by name in lower case."""
    for name, text in environment.items():
        yield name.lower(), str(text)
    for values in keys.values():
        for name, value in values.items():
            if isinstance(value, str):
                yield name.lower(), value


def _users(document: Mapping[str, Any], named: list[tuple[str, str]]) -> Iterator[str]:
    yield from (text.rstrip("$") for name, text in named if name in _USERS)
    yield str(document["facts"].get("session_user") or "")
    for name, text in named:
        if name in _HOMES:
            yield re.split(r"[\\/]", text.rstrip("\\/"))[-1]


def _serials(document: Mapping[str, Any], keys: Mapping[str, Mapping[str, Value]]) -> Iterator[str]:
    for path, content in document["files"].items():
        if path.endswith("/serial") and isinstance(content, str):
            yield content
    for text in (*_texts(document), *keys, *(value for values in keys.values() for value in _texts(values))):
        for pattern in _SERIALS:
            yield from (match[1] for match in pattern.finditer(text))


def _networks(document: Mapping[str, Any]) -> Iterator[str]:
    for command, text in ((command, text) for command, said in document["commands"].items() for text in _texts(said)):
        yield from (match[1] for match in _NETWORKS.finditer(text))
        if "SPAirPortDataType" in command:
            yield from _airport_networks(_parsed(text), inside=False)


def _airport_networks(value: Any, *, inside: bool) -> Iterator[str]:
    """Names of networks in what macOS' system profiler tells: the one in use, and all others around."""
    if isinstance(value, list):
        for item in value:
            yield from _airport_networks(item, inside=inside)
    elif isinstance(value, dict):
        for key, item in value.items():
            if inside and key == "_name" and isinstance(item, str):
                yield item
                yield json.dumps(item)[1:-1]  # as the tool may have written it
            yield from _airport_networks(item, inside=inside or "network" in key)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _texts(value: Any) -> Iterator[str]:
    """Every text in JSON values, the keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
