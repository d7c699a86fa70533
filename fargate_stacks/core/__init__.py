"""Values, constructs, stacks and their rendering."""
