"""Reading plates: detector, recogniser, the engines they run on, and what a read is."""
