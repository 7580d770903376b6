"""`python -m torture`."""

from torture.cli import main

main()
