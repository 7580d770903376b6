"""The lane's settings: one TOML file as frozen, typed values."""
