"""The effective profile as plain values: for `profile show`, and for the digest that names it."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from readycheck.profile.places import SECRET_KEYS, plain
from readycheck.profile.yaml import Node

MASK = "********"

_USERINFO = re.compile(r"(?<=//)[^\s/@]+@|(?<=sip:)[^\s@:]+:[^\s@]+@|(?<=sips:)[^\s@:]+:[^\s@]+@")


def effective(tree: Node) -> dict[str, Any]:
    """What the profile comes to; it extends nothing any more."""
    return {key: value for key, value in plain(tree).items() if key != "extends"}


def shown(tree: Node) -> dict[str, Any]:
    """The effective profile for people's eyes: literal secrets masked, variables as they are written."""
    values = effective(tree)
    return values | {"targets": _masked(values["targets"])} if "targets" in values else values


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _mask(item) if key in SECRET_KEYS else _masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return _USERINFO.sub(f"{MASK}@", value) if isinstance(value, str) else value


def _mask(value: Any) -> Any:
    is_variable = isinstance(value, str) and re.fullmatch(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}", value)
    return value if is_variable or not value else MASK


def digest(tree: Node) -> str:
    """SHA-256 of the effective profile, secrets out."""
    values = effective(tree)
    if "targets" in values:
        values["targets"] = _without_secrets(values["targets"])
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(item) for key, item in value.items() if key not in SECRET_KEYS}
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    return _USERINFO.sub("", value) if isinstance(value, str) else value
