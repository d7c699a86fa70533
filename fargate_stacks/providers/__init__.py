"""What tasks use: each builds its resources and offers verbs that return `Access`."""
