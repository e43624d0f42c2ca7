"""The door by which the `sluice` of another commit asks this checkout what it declares."""

import sys

from sluice.rollback.declaration_diff import print_declared

if __name__ == "__main__":
    print_declared(sys.argv[1])
