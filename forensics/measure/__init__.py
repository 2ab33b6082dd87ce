"""Arithmetic on evidence: uptime, ports, rates, turnover; causes only compare what is measured here."""
