"""Rules that several causes share; a cause of its own stands in `causes`."""
