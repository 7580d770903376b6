"""Facts of the border that both ends share: marks, times, directions, points, codes. The standard library only."""
