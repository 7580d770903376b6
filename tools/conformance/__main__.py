"""`python -m tools.conformance` is `rocars-conformance`."""

from tools.conformance.cli import main

main()
