"""Facts of Windows as tables, each with its source."""
