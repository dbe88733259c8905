"""A captured machine without what tells whose it is, to be sent; it answers the same questions as before."""

import base64
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

from readycheck.host.credentials import ALONE, CREDENTIALS, NAMED, SECRET, of_proxy
from readycheck.host.identity import NAMED_PLACES, PLACES, Identity, identities
from readycheck.host.named_values import json_rewritten, plist_rewritten
from readycheck.host.registry import Value
from readycheck.model.scrub import IPV4, IPV6

Keys = Mapping[str, Mapping[str, Value]]

_SID = re.compile(r"S-1-(5-21|12-1)(?:-\d+){4}")
"""A person's: of a machine or domain, or of Entra ID."""
_SEPARATED = re.compile(
    r"(?<![0-9A-Fa-f])((?:[0-9A-Fa-f]{2}([:_-]))(?:[0-9A-Fa-f]{2}\2){2})(?:[0-9A-Fa-f]{2}\2){2}[0-9A-Fa-f]{2}(?![0-9A-Fa-f])"
)
_BLUETOOTH = re.compile(r"((?:DEV(?:ICE)?_|&)[0-9A-F]{6})[0-9A-F]{6}(?![0-9A-F])", re.IGNORECASE)
_QUERY = re.compile(r"(\w://[^\s\"'<>?]*\?)([^\s\"'<>]+)")
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.(?!(?:service|socket|slice)\b)[A-Za-z]{2,}"
)
_FOLDERS = ("Users\\", "/Users/", "/home/")
_EUI64 = b"\xff\xfe"
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
_ROUTE_TO = "ip route get "
_GSETTINGS = re.compile(r"(?<= authentication-)(user|password) '[^'\n]+'")

_HEXADECIMAL = {
    "/proc/net/route": re.compile(r"\b[0-9A-F]{8}\b"),
    "/proc/net/ipv6_route": re.compile(r"\b[0-9a-f]{32}\b"),
}
"""Addresses as Linux' tables of routes have them: IPv6 as it travels, IPv4 as the machine's memory holds it."""

_PREFERENCES = ("prefs.js", "user.js")
_KEPT = re.compile(r"user_pref\(\s*\"(?:network\.proxy|media|app\.update|permissions\.default)\.")
"""All that is asked of Firefox; the rest of its files are a person's."""


class Scrubber:
    """Replaces, and counts what it replaced by kind."""

    def __init__(self, known: Sequence[Identity]) -> None:
        self._known = {one.text.lower(): one for one in known}
        words = "|".join(re.escape(one.text) for one in known if not one.in_place)
        self._names = re.compile(rf"(?<![A-Za-z0-9])(?:{words})(?![A-Za-z0-9])", re.IGNORECASE) if words else None
        self._seen: dict[str, set[str]] = {}

    @property
    def counts(self) -> dict[str, int]:
        """How many different texts of each kind were replaced."""
        return {kind: len(texts) for kind, texts in self._seen.items()}

    def text(self, text: str, *, addresses: bool = True) -> str:
        """The text with stand-ins; `addresses` not where four numbers may be a version."""
        for pattern in PLACES:
            text = pattern.sub(lambda match: match["before"] + self._placed(match["name"]), text)
        if self._names is not None:
            text = self._names.sub(lambda match: self._placed(match[0]), text)
        for pattern in CREDENTIALS:
            text = self._replaced("credential in a URL", pattern, lambda match: match["before"] + "user:x", text)
        text = self._replaced("credential in a URL", ALONE, lambda match: match["before"] + "x", text)
        for kind, pattern, stand_in in _PATTERNS:
            text = self._replaced(kind, pattern, stand_in, text)
        if addresses:
            for pattern in (IPV4, IPV6):
                text = self._replaced("address", pattern, _cut, text)
        return text

    def octets(self, octets: bytes) -> bytes:
        """The same in what is no text, by crosses of the same length, since lengths may stand in it."""
        for one in self._known.values():
            for encoding, before in product(("utf-8", "utf-16-le"), _FOLDERS if one.in_place else ("",)):
                name, place = one.text.encode(encoding, "replace"), before.encode(encoding)
                crosses = ("x" * len(one.text)).encode(encoding).ljust(len(name), b"x")
                where = b"(" + re.escape(place) + b")" + re.escape(name)
                octets, times = re.subn(where, rb"\g<1>" + crosses, octets, flags=re.IGNORECASE)
                if times:
                    self._count(one.kind, one.text)
        text = octets.decode("latin-1")
        for kind, patterns in (("credential in a URL", CREDENTIALS), ("secret", NAMED)):
            for pattern in patterns:
                text = self._replaced(kind, pattern, lambda match: match["before"] + _crossed(match["cut"]), text)
        return text.encode("latin-1")

    def json(self, value: Any, name: str = "", *, is_secret: bool = False) -> Any:
        """Values of JSON and property lists, their keys too; all of what a name calls secret."""
        is_secret = is_secret or SECRET.search(name) is not None
        if isinstance(value, list):
            return [self.json(item, name, is_secret=is_secret) for item in value]
        if isinstance(value, dict):
            return {
                self.text(str(key), addresses=False): self.json(item, str(key), is_secret=is_secret)
                for key, item in value.items()
            }
        if is_secret and value and not isinstance(value, bool):
            self._count("secret", str(value))
            return _empty(value)
        if isinstance(value, str):
            return self.document(value, name)
        return self.octets(value) if isinstance(value, bytes) else value

    def document(self, text: str, name: str = "") -> str:
        """A text with its named values, if it holds such; with the credentials of a proxy cut by its name alone."""
        if name.lower() in NAMED_PLACES:
            text = self._placed(text)
        found = json_rewritten(text, self.json)
        if found is not None:
            return found
        if b"<plist" in (octets := text.encode("utf-8", "surrogatepass")):
            found_plist = plist_rewritten(octets, self.json)
            if found_plist is not None:
                return found_plist.decode()
        if pattern := of_proxy(name):
            text = self._replaced("credential in a URL", pattern, lambda match: match["before"] + "user:x", text)
        text = self.text(text, addresses=not _is_version(name))
        for pattern in NAMED:
            text = self._replaced("secret", pattern, lambda match: match["before"] + _emptied(match["cut"]), text)
        return text

    def value(self, name: str, value: Value) -> Value:
        """A value of the registry."""
        found: Value = self.json(value, name)
        return found

    def file(self, path: str, content: str | dict[str, str]) -> str | dict[str, str]:
        """A file as `machine.json` has it."""
        if isinstance(content, dict):
            octets = self._binary(base64.b64decode(content["base64"]))
            return {"base64": base64.b64encode(octets).decode()}
        if SECRET.search(re.split(r"[\\/]", path)[-1]):  # the vendors' clouds give a token in a file of its own
            self._count("secret", content)
            return "x"
        if path.endswith(_PREFERENCES):
            content = "\n".join(line for line in content.splitlines() if _KEPT.search(line))
        if path in _HEXADECIMAL:
            content = self._replaced("address", _HEXADECIMAL[path], _cut_hexadecimal, content)
        return self.document(content)

    def _binary(self, octets: bytes) -> bytes:
        if octets.startswith(_BYTE_ORDER_MARKS):
            return self.document(octets.decode("utf-16", "replace")).encode("utf-16")
        found = plist_rewritten(octets, self.json)
        return self.octets(octets) if found is None else found

    def _placed(self, name: str) -> str:
        """The stand-in of what is known to be a name, the rest as it is."""
        bare = name.strip().strip("\\")
        one = self._known.get(bare.lower())
        if one is None:
            return name
        self._count(one.kind, one.text)
        return name.replace(bare, one.stand_in)

    def _replaced(
        self, kind: str, pattern: re.Pattern[str], stand_in: Callable[[re.Match[str]], str], text: str
    ) -> str:
        def replace(match: re.Match[str]) -> str:
            new = stand_in(match)
            if new != match[0]:
                self._count(kind, match[0])
            return new

        return pattern.sub(replace, text)

    def _count(self, kind: str, text: str) -> None:
        self._seen.setdefault(kind, set()).add(text)


def scrubbed(
    document: Mapping[str, Any], keys: Keys, host: str, environment: Mapping[str, str]
) -> tuple[dict[str, Any], Keys, dict[str, int]]:
    """A machine's document and registry without what tells whose it is, and how much of each kind was replaced.

    Names that were looked up and destinations of routes stay: they are the profile's.
    """
    scrubber = Scrubber(identities(document, keys, host, environment))
    routes = document["source_addresses"]
    apart = {"files", "names", "source_addresses", "commands"}
    clean = {name: part if name in apart else scrubber.json(part, name) for name, part in document.items()}
    clean["files"] = {scrubber.text(path): scrubber.file(path, content) for path, content in document["files"].items()}
    clean["commands"] = {
        scrubber.text(line, addresses=not line.startswith(_ROUTE_TO)): scrubber.json(said, line)
        for line, said in document["commands"].items()
    }
    clean["source_addresses"] = {
        target: None if address is None else scrubber.text(address) for target, address in routes.items()
    }
    registry = {
        scrubber.text(key, addresses=False): {
            scrubber.text(name): scrubber.value(name, value) for name, value in values.items()
        }
        for key, values in keys.items()
    }
    return clean, registry, scrubber.counts


def _empty(value: Any) -> Any:
    """Nothing of the same type: a reader finds what it found before."""
    if isinstance(value, str):
        return "x"
    return b"x" * len(value) if isinstance(value, bytes) else type(value)() if isinstance(value, int | float) else None


def _emptied(text: str) -> str:
    """The same for a value as it is written, quotes and brackets kept."""
    if text[0] in "[{":
        return text[0]
    quote = text[0] if text[0] in "\"'" else ""
    return f"{quote}x{quote}"


def _crossed(text: str) -> str:
    return re.sub(r"[^\0\"']", "x", text)


def _is_version(name: str) -> bool:
    return "version" in name.lower() or "build" in name.lower()


def _cut(match: re.Match[str]) -> str:
    try:
        address = ipaddress.ip_address(match[0])
    except ValueError:
        return match[0]
    kept = _kept(address)
    return str(ipaddress.ip_address(kept)) if kept != address.packed else match[0]


def _cut_hexadecimal(match: re.Match[str]) -> str:
    octets = bytes.fromhex(match[0])
    if len(octets) == 4:  # noqa: PLR2004 - IPv4; every machine that has such a table is little-endian
        return _kept(ipaddress.ip_address(octets[::-1]))[::-1].hex().upper()
    return _kept(ipaddress.ip_address(octets)).hex()


def _kept(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bytes:
    """Of a public address its network of /24 or /48; of a link-local one made of a MAC address the vendor's half."""
    octets = address.packed
    if address.is_link_local and octets[11:13] == _EUI64:
        return octets[:13] + bytes(3)
    if not address.is_global or address.is_multicast:
        return octets
    kept = 3 if address.version == 4 else 6  # noqa: PLR2004 - IP version
    return octets[:kept] + bytes(len(octets) - kept)


def _without_values(match: re.Match[str]) -> str:
    return match[1] + re.sub(r"=[^&]*", "=x", match[2])


_PATTERNS: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    ("account number", _SID, lambda match: f"S-1-{match[1]}-1-2-3-1000"),
    ("hardware address", _SEPARATED, lambda match: match[1] + match[2].join(["00"] * 3)),
    ("hardware address", _BLUETOOTH, lambda match: match[1] + "000000"),
    ("secret", _GSETTINGS, lambda match: f"{match[1]} 'x'"),
    ("query of a URL", _QUERY, _without_values),
    ("e-mail address", _EMAIL, lambda match: match[0] if match[0].startswith("x@") else "user@example.com"),
)
