# Two commands: `make demo` installs all and runs the lane as a demonstration; `make test` installs all and passes the tests.
.PHONY: demo test install
demo: install
	.venv/bin/rocars-lane demo

test: install
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/rocars-lane prove
	.venv/bin/python -m pytest

install:
	@config/install
