"""Selecting: profiles give a consignment an action code before the truck arrives, and say which word hit which value.

| module | what is in it |
|---|---|
| `words` | one writing for what is the same word: width, case, accents, Traditional and Simplified |
| `families` | words that mean the same, as data |
| `criteria` | a profile and its terms |
| `engine` | the code that all profiles together give |
| `live` | profiles that are read anew when their file changes |
"""
