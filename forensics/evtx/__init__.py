"""Windows event logs (EVTX): file, chunks, records, and the binary XML inside.

Format: libyal/libevtx "Windows XML Event Log (EVTX)", MS-EVEN6 3.1.4.7 (binary XML). python-evtx reads the
headers of the file and of its chunks and computes their checksums. The binary XML is read here: python-evtx
builds some 84 nodes in 1.2 ms for one template, and follows chains of strings and templates that may point at
themselves.

A chunk is 64 KiB and refers to nothing outside itself; all offsets in this package count from the chunk's
start.
"""
