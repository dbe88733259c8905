"""What in a captured machine tells whose it is: names, serial numbers, networks, and what stands in their place."""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readycheck.host.registry import Value
from readycheck.model.scrub import interface_stand_ins

_SHORTEST = 3
"""A shorter one is half of other words: it is replaced where its place says what it is, and nowhere else."""
_NEVER = sys.maxsize
"""Of what only a place told, of any length."""

_EVERYBODYS = {
    *("root", "user", "users", "admin", "administrator", "administrateur", "system", "default", "public", "guest"),
    *("service", "local service", "network service", "nobody", "host", "localhost", "console", "workgroup", "agent"),
    *("all users", "default user", "shared", "linuxbrew"),
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
_SSID, _PROFILE = (
    re.compile(
        rf"^(?P<before>\s*{label}\s*[:：=][ \t]*\"?)(?P<name>[^\r\n]+?)(?=\"?[ \t\r]*$)",  # noqa: RUF001 - Chinese builds
        re.MULTILINE | re.IGNORECASE,
    )
    for label in (r"E?SSID(?: name)?", r"(?:Profil\w*|Perfil|配置文件|設定檔|プロファイル|프로필)")
)
_USERS_PLACES = (
    re.compile(r"(?P<before>(?:\\|\b[A-Z]:/+)Users[\\/]+)(?P<name>(?!%)[^\\/:*?\"<>|;\r\n]+)", re.IGNORECASE),
    re.compile(r"(?P<before>(?<![\w.-])(?:/Users|(?:/var)?/home)/+)(?P<name>(?![%$*])[^/\s:;,\"'<>)]+)"),
    re.compile(r"(?P<before>\b(?:USERNAME|USER|LOGNAME|SUDO_USER)=)(?P<name>(?![%$])[^\s\"';]+)"),
)
PLACES = (_SSID, _PROFILE, *_USERS_PLACES)
"""Where a text says that a name follows: of a network, of a user."""

NAMED_PLACES = {*_USERS, *_HOSTS, "session_user", "_name"}
"""Variables, facts, values of the registry and, of macOS' networks, of JSON that are such a name."""


@dataclass(frozen=True)
class Identity:
    """One text that tells whose machine this is."""

    kind: str
    text: str
    stand_in: str
    in_place: bool = False
    """Whether it is replaced only where PLACES or NAMED_PLACES tell what it is."""


def identities(
    document: Mapping[str, Any], keys: Mapping[str, Mapping[str, Value]], host: str, environment: Mapping[str, str]
) -> list[Identity]:
    """The texts, the longest first; the same text has one stand-in wherever it is.

    `environment` is all of it: what names the machine or its user there need not have been asked for.
    """
    named = list(_named({**environment, **document["environment"]}, keys))
    hosts = [host, host.partition(".")[0], *(text for name, text in named if name in _HOSTS)]
    found: dict[str, Identity] = {}
    numbers: Counter[str] = Counter()
    for kind, word, shortest, texts in (
        ("user name", "user", _SHORTEST, _users(document, named)),
        ("name of a machine or domain", "host", _SHORTEST, hosts),
        ("serial number", "SERIAL", _SHORTEST, _serials(document, keys)),
        ("Wi-Fi network", "NETWORK", _SHORTEST, _networks(document)),
        ("user name", "user", _NEVER, _placed_users(document, keys)),
    ):
        for text in dict.fromkeys(text.strip().strip("\\") for text in texts):
            if text and text.lower() not in _EVERYBODYS and text.lower() not in found:
                numbers[word] += 1
                stand_in = word if numbers[word] == 1 else f"{word}{numbers[word]}"
                found[text.lower()] = Identity(kind, text, stand_in, in_place=len(text) < shortest)
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


def _placed_users(document: Mapping[str, Any], keys: Mapping[str, Mapping[str, Value]]) -> Iterator[str]:
    """Other users' folders, and short forms such as `JEAN~1.DUP`."""
    for text in (*_texts(document), *(text for values in keys.values() for text in _texts(values))):
        for pattern in _USERS_PLACES:
            yield from (match["name"] for match in pattern.finditer(text))


def _serials(document: Mapping[str, Any], keys: Mapping[str, Mapping[str, Value]]) -> Iterator[str]:
    for path, content in document["files"].items():
        if path.endswith("/serial") and isinstance(content, str):
            yield content
    for text in (*_texts(document), *keys, *(value for values in keys.values() for value in _texts(values))):
        for pattern in _SERIALS:
            yield from (match[1] for match in pattern.finditer(text))


def _networks(document: Mapping[str, Any]) -> Iterator[str]:
    for command, text in ((command, text) for command, said in document["commands"].items() for text in _texts(said)):
        for pattern in (_SSID, _PROFILE) if command.startswith("netsh wlan") else (_SSID,):
            yield from (match["name"] for match in pattern.finditer(text))
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
