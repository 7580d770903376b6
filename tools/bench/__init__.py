"""Speed: each thing measured beside the physical floor it cannot go below. Never imported by the product."""
