"""How every mapping of a profile is read."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Base of every mapping: unknown keys and loose types are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True, allow_inf_nan=False)
