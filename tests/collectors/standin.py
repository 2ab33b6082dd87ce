"""A stand-in for the programs that the collector runs: prints what the sample builder made for the same command line.

Called as `standin.py PROGRAM ARGUMENT…`; the folder in STANDIN holds `answers.json` ({command line: file}) and
`faults.json` ({beginning of a command line: fault}).
"""

import json
import os
import sys
import time
from pathlib import Path

PRINTED_AT_ONCE = 1 << 20


def main() -> int:
    """Answer, or fail as asked."""
    folder = Path(os.environ["STANDIN"])
    command = " ".join(sys.argv[1:])
    faults = json.loads((folder / "faults.json").read_text(encoding="utf-8"))
    fault = next((fault for start, fault in faults.items() if command.startswith(start)), "")
    if fault == "hang":
        time.sleep(600)
    if fault == "fail":
        sys.stdout.write("ERROR: Access is denied.\n")
        return 1
    if fault == "flood":
        for _ in range(300):
            sys.stdout.buffer.write(b"x" * PRINTED_AT_ONCE)
        return 0
    answers = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
    file = answers.get(command)
    if file is None:
        sys.stdout.write("The request is not supported.\n")
        return 1
    data = (folder / file).read_bytes()
    output = next((word for word in sys.argv if word.endswith("output.tmp")), "")
    if "output.tmp" in command:
        Path(output if output and " " not in output else "output.tmp").write_bytes(data)
    else:
        sys.stdout.buffer.write(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
