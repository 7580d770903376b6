"""What makes the generated documents under `docs/`."""
