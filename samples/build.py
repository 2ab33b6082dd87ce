"""Builds the sample bundles: ``python samples/build.py [--only NAME] [--out DIR]``."""

import argparse
from pathlib import Path

from builder import SAMPLES, bundle_files, zip_bytes


def main() -> None:
    """Writes each sample to a zip beside this file."""
    parser = argparse.ArgumentParser(description="Builds the sample bundles.")
    parser.add_argument("--only", choices=sorted(SAMPLES), help="build this sample alone")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder for the zips")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in [arguments.only] if arguments.only else SAMPLES:
        target = arguments.out / f"{name}.zip"
        target.write_bytes(zip_bytes(bundle_files(SAMPLES[name].machine())))
        print(f"{target}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
