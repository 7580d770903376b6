"""Boards and readers in software, driven from the hardware's side."""
