"""Speed: each thing measured beside the physical floor it can not go below. Never imported by the product."""
