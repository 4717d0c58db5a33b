"""A case played entry by entry: executed again, with its data, clocks and papers as they then were."""
