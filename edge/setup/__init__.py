"""`rocars-lane setup`: from a bare box to a lane that can start, by questions or from a file of answers.

| module | what is in it |
|---|---|
| `answers` | what may be answered: a lane's settings, and beside them officers, page, time, the core's answer |
| `interview` | the questions, each checked before the next |
| `toml_text` | settings as TOML |
| `page` | the page's key, its signing request, and the certificate that comes back |
| `system` | time servers, sleep, the units |
| `command` | the command: answers, steps, check, start |
| `steps` | what is done, in an order in which it can be broken off and begun again |
"""
