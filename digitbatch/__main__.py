"""`python -m digitbatch` is the command `digitbatch`."""

from digitbatch.cli import main

if __name__ == "__main__":
    main()
