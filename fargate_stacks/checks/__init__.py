"""Judges rendered templates: our own rules (FS1xx) and an engine's, with the construct and its line."""
