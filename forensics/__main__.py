"""`python -m forensics`."""

from forensics.cli import main

# Guarded: the PDF's process imports this module again.
if __name__ == "__main__":
    main()
