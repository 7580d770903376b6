# Two commands: `make demo` installs all and runs the lane as a demonstration; `make test` installs all and passes the tests.
# While you work: `make check`, the quick half of `make test`. Before a change of `lane_agent/` lands: `make proof`, all of the
# proof, of which `make test` searches the shortest stories of every slice. Before a release: `make long`.
# For the field: `make package` builds the Debian packages of lane and core, for both architectures, into build/deb;
# `make field` installs them on a bare Debian 12 and clears vehicles there (docs/field.md). Its last line is JSON. `make field-kms`
# lights both screens by Debian's own kernel on a graphics card with two outputs, in a virtual machine.
.PHONY: demo test long proof check lint install package field field-kms
demo: install
	.venv/bin/rocars-lane demo

# Most tests wait (for a broker, a process, a time limit), so more of them than cores run side by side; a file stays together.
test: lint
	.venv/bin/rocars-lane prove --most 3000
	.venv/bin/rocars-lane prove --physical --seconds 15
	.venv/bin/python -m pytest --numprocesses 5 --dist loadfile --no-loadscope-reorder

# Benches, kits against each other, browsers that talk: what takes minutes by itself.
long:
	@config/install long
	.venv/bin/python -m pytest --numprocesses 5 --dist loadfile --no-loadscope-reorder -m long

proof: install
	.venv/bin/rocars-lane prove
	.venv/bin/rocars-lane prove --physical --seconds 120

# What `make check` leaves to `make test` in the rooms it covers: browsers, compositors, connections that must time out.
WAITING = tests/console/test_console_browser.py tests/console/test_page_cannot_mislead.py tests/console/test_gate.py \
	tests/display/test_two_outputs.py tests/display/test_screen_process.py tests/display/test_launch_pictures.py

check: lint
	.venv/bin/python -m pytest --numprocesses 3 $(addprefix --ignore=,$(WAITING)) tests/domain tests/wire tests/lane_agent tests/console tests/display tests/*.py

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

field-kms: install
	@.venv/bin/python -m tools.field.kms
