"""The box: composition root, settings, commands, health; the only place that picks concrete classes."""
