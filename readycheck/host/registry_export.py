"""Keys of the Windows registry as text in regedit's format, which ExportedRegistry reads."""

from collections.abc import Mapping

from readycheck.host.registry import Value

_HEAD = "Windows Registry Editor Version 5.00\n"
_LARGEST_DWORD = 2**32 - 1


def exported(keys: Mapping[str, Mapping[str, Value]]) -> str:
    """Every key with its values, sorted; names that the format cannot hold are left out."""
    sections = [_section(key, keys[key]) for key in sorted(keys) if key.isprintable()]
    return "\n".join([_HEAD, *sections])


def _section(key: str, values: Mapping[str, Value]) -> str:
    lines = [f"{_name(name)}={_value(value)}\n" for name, value in values.items() if name.isprintable()]
    return "".join([f"[{key}]\n", *lines])


def _name(name: str) -> str:
    return _quoted(name) if name else "@"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _value(value: Value) -> str:
    if isinstance(value, str):  # hex(1): what a line cannot hold
        return _quoted(value) if value.isprintable() else f"hex(1):{_digits(_wide(value))}"
    if isinstance(value, int):
        return f"dword:{value:08x}" if value <= _LARGEST_DWORD else f"hex(b):{_digits(value.to_bytes(8, 'little'))}"
    if isinstance(value, list):
        return f"hex(7):{_digits(b''.join(map(_wide, value)) + _wide(''))}"
    return f"hex:{_digits(value)}"


def _wide(text: str) -> bytes:
    return f"{text}\0".encode("utf-16-le", "surrogatepass")


def _digits(octets: bytes) -> str:
    return octets.hex(",")
