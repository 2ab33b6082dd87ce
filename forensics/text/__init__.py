"""What parsers share: lines, delimited rows, wmic records, local dates, shortened lists of problems."""
