"""What the screens are joined to, driven from the other side: an LED board behind its line."""
