"""`python -m tools.torture`."""

from tools.torture.cli import main

main()
