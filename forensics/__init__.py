"""forensics: offline root-cause reports for Windows machines that ran out of ports.

The street runs one way: `bundle` → `parsers` → `evidence` → `measure` → `causes` → `report`; `analysis` is that
street on one page.
"""

__version__ = "0.1.0"
