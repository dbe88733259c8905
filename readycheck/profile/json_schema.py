"""The profile's JSON Schema, for editors: everything that may be written, the short forms too."""

from typing import Any

from readycheck.profile.schema import SCHEMA, Profile

_VARIABLE = {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}"}
_NO_KEYWORDS = {"gt", "ge", "lt", "le"}
"""What pydantic leaves of limits on values with a short form: no words of JSON Schema."""
_WRITTEN_OTHERWISE = {"integer", "number", "boolean"}


def profile_json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a profile's file."""
    schema = _with_variables(Profile.model_json_schema(mode="validation"))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA} | {
        key: value for key, value in schema.items() if key != "title"
    }


def _with_variables(schema: Any) -> Any:
    """Where a number, true or false is asked, ${NAME} may stand as well."""
    if isinstance(schema, list):
        return [_with_variables(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") in _WRITTEN_OTHERWISE:
        described = {key: schema[key] for key in ("title", "description", "default") if key in schema}
        asked = {key: value for key, value in schema.items() if key not in described}
        return described | {"anyOf": [asked, _VARIABLE]}
    return {key: _with_variables(value) for key, value in schema.items() if key not in _NO_KEYWORDS}
