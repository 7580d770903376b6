"""The one signed list: the store, the replicated log, and what a lane's decision rested on."""
