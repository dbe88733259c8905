"""How every mapping of a profile is read."""

from pydantic import ConfigDict

STRICT = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True, allow_inf_nan=False)
"""Unknown keys and loose types are errors."""
