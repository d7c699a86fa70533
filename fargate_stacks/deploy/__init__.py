"""The deployed half: plans, the engine that carries them out, events, and the local cloud."""
