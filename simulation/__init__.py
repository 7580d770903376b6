"""The demonstration: a simulated world around the real lane, and a judge who knows nothing of it."""
