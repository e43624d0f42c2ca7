"""`python -m sluice`: the command, from a checkout that is not installed."""

from sluice.cli import main

main()
