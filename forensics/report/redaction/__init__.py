"""Redaction: the same findings with pseudonyms for computers, domains, users and addresses (docs/redaction.md).

Everything that leaves the program is made from one struct, so that is what is redacted, once: `find_secrets` looks for
names in the whole of the evidence, `redact` replaces them wherever they stand in the findings. The pseudonyms are those
of the collector's `-Redact` (collectors/forensics-collect.ps1, section 7): HOST-1, USER-2, DOMAIN-1, 10.0.0.3. HOST-1
is the machine itself, the others are numbered in the order in which the findings name them.

Other structs about the same machines can be redacted alike: `Redactor(secrets).struct(anything)`, where `secrets` may
be of several bundles (`Secrets.merged`).
"""

from forensics.report.redaction.bundle_name import redacted_name
from forensics.report.redaction.finding import find_secrets
from forensics.report.redaction.findings_redactor import FindingsRedactor, Redacted, redact
from forensics.report.redaction.redactor import Redactor
from forensics.report.redaction.secret_names import Secrets

__all__ = ["FindingsRedactor", "Redacted", "Redactor", "Secrets", "find_secrets", "redact", "redacted_name"]
