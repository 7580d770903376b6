"""`python -m conformance` is `rocars-conformance`."""

from conformance.cli import main

main()
