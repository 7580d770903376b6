"""`rocars-lane check`: what is wrong with this box, and what to do."""
