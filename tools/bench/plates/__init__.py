"""Reading real plates: ours beside other readers, in one run on the same pictures. Each reads in a process of its own."""
