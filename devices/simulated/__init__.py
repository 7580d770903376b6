"""Boards, readers and a network camera in software, driven from the hardware's side."""
