"""A lane to look at while the page is developed; driven from the hardware's side."""
