"""Drawn plates and lane pictures: what the simulated camera shows and what the plate reader was trained on."""
