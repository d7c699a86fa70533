"""What is built: one noun a module."""
