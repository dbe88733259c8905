"""What a project asks for, in YAML: schema, reading with positions, extends, environment."""
