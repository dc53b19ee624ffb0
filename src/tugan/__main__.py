"""``python -m tugan`` is the console script."""

from tugan.cli.app import main

if __name__ == "__main__":
    main()
