"""What the lanes say and are told: proofs, the log, journals, orders, pictures, and what follows from them."""
