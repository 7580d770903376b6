# Two commands: `make demo` installs all and runs the lane as a demonstration; `make test` installs all and passes the tests.
# While you work: `make check`, the quick half of `make test`.
# For the field: `make package` builds the Debian packages of lane and core, for both architectures, into build/deb;
# `make field` installs them on a bare Debian 12 and clears vehicles there (docs/field.md). Its last line is JSON.
.PHONY: demo test check lint install package field
demo: install
	.venv/bin/rocars-lane demo

# Most tests wait (for a broker, a process, a time limit), so more of them than cores run side by side; a file stays together.
test: lint
	.venv/bin/rocars-lane prove
	.venv/bin/rocars-lane prove --physical --seconds 25
	.venv/bin/python -m pytest --numprocesses 5 --dist loadfile --no-loadscope-reorder

check: lint
	.venv/bin/python -m pytest --numprocesses 2 tests/domain tests/wire tests/lane_agent tests/console tests/display tests/*.py

lint: install
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

install:
	@config/install

package: install
	.venv/bin/python -m tools.package

field: install
	@.venv/bin/python -m tools.field
