"""Policies that a softphone feels, each with its effect: in force, or without any for a stated reason."""

import json
from typing import Any

from readycheck.host.browser.found import Name, Policy, policy
from readycheck.host.browser.policies import Placed, Places
from readycheck.host.browser.vocabulary import CLOUD_TOKENS, DEAD, has_no_effect, known


def relevant(browser: Name, places: Places) -> tuple[Policy, ...]:
    """What is prescribed, or was meant to be, sorted by name."""
    types = known(browser)
    found = []
    for name, placed in sorted(places.settings.items()):
        if name in types:
            found.append(_typed(name, placed, types[name]))
        elif name in DEAD:
            found.append(policy(name, placed.value, placed.source, "dead"))
        elif has_no_effect(browser, name):
            found.append(policy(name, placed.value, placed.source, "misspelt"))
    return tuple(found)


def is_cloud_managed(places: Places) -> bool:
    """Whether the vendor's cloud prescribes policies that are not told on this machine."""
    return any(name.lower() in CLOUD_TOKENS for name in places.settings)


def whole_value(placed: Placed, kind: type) -> Any:
    """What is prescribed, uncut; the registry knows neither truth nor lists."""
    return _coerced(placed.value, kind) if placed.source.startswith("HKEY_") else placed.value


def _typed(name: str, placed: Placed, kind: type) -> Policy:
    """A value of another type is ignored by the browser."""
    value = whole_value(placed, kind)
    fits = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    if not fits:
        return policy(name, placed.value, placed.source, "wrong_type")
    return policy(name, value, placed.source, "recommended" if placed.is_recommended else "in_force")


def _coerced(value: Any, kind: type) -> Any:
    """Numbers written as text, truth as numbers, lists and objects as JSON text."""
    try:
        if kind in {bool, int} and isinstance(value, str | int):
            return kind(int(value))
        if kind in {list, dict} and isinstance(value, str):
            return json.loads(value)
        if kind is dict and isinstance(value, list):  # REG_MULTI_SZ, a line each
            return json.loads("".join(map(str, value)))
        return [_coerced_entry(one) for one in value] if isinstance(value, list) else value
    except (ValueError, RecursionError):
        return value


def _coerced_entry(value: Any) -> Any:
    """A list of objects is kept as one JSON text for each."""
    return json.loads(value) if isinstance(value, str) and value.startswith("{") else value
