"""Plain values as YAML that reads back as it was: YAML 1.2 words, numbers as they were written."""

from typing import Any

import yaml

from readycheck.profile.core_scalar import Float, Int, core_scalar

_TAG = "tag:yaml.org,2002:"
_KINDS = {str: "str", Int: "int", Float: "float", bool: "bool", type(None): "null"}


class _Dumper(yaml.SafeDumper):
    """Quotes a text only where it would read back as something else."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """The tag that our own reader gives to a plain scalar."""
        if kind is yaml.ScalarNode and implicit[0]:
            return _TAG + _KINDS[type(core_scalar(value))]
        return super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call] # the stub has no types

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Write everything out."""
        return True


def _as_written(tag: str) -> Any:
    return lambda dumper, number: dumper.represent_scalar(_TAG + tag, number.text)


_Dumper.add_representer(Int, _as_written("int"))
_Dumper.add_representer(Float, _as_written("float"))


def to_yaml(values: Any) -> str:
    """YAML text of plain values."""
    text: str = yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return text
