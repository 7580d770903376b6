"""`rocars-core`: the commands, for operators, clerks, selectors and technicians."""
