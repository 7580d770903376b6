"""The proof of the lane's law: breadth-first over the shipped `step`, and the mutants that test the proof."""
