"""The officers' page of one lane: served by the box itself, working with no link and no Internet.

| module | what is in it |
|---|---|
| `ports` | what the page is given: the lane as an officer sees it, and what an officer may do |
| `present` | a view as the browser draws it: plain data, every word chosen here |
| `headline` | the state line: what the lane is doing, why, and what the officer does next |
| `words` | every coded value in an officer's words |
| `row_words` | the rows of the decision table in an officer's words |
| `reasons` | the reasons officers give most, and the dialogs |
| `permits` | which buttons are on, and why the others are off |
| `times` | times as people see them |
| `requests` | what the browser may ask for, checked before it becomes an officer's event |
| `actions` | the routes that change something |
| `stream` | the push of views to the browsers |
| `pictures` | camera, screens and evidence as pictures |
| `app`, `server` | the page as one ASGI application, and uvicorn in the agent's own loop |
| `context` | what the routes share |
| `gate` | who may watch and who may act; every route asks here first |
| `officers`, `sessions`, `throttle` | password hashes, who is logged in, guessing slowed down |
| `headers` | what every answer tells the browser to refuse |
| `settings` | how the page is served |
| `errors` | what can go wrong, by who must act |
| `simulated/`, `__main__` | a lane to look at during development, and the command that shows it |
"""
