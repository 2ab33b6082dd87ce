"""Two bundles of one machine, before and after a remedy: whether it worked, what changed, what to do next."""
