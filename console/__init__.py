"""The officers' page of one lane: served by the box itself, working with no link and no Internet.

| room | what is in it |
|---|---|
| `ports` | what the page is given: the lane as an officer sees it, and what an officer may do |
| `words` | every coded value in an officer's words, with what to do next |
| `present` | (view, words) -> what the browser draws, plain data |
| `acts` | what an officer can do, one table: button, dialog, request |
| `requests` | what the browser may ask for, and the officer's event made of it |
| `grounds` | why a button is off, what stops a vehicle, what a release is based on: the lane's judgement in words |
| `officers`, `sessions`, `throttle`, `access` | who is there: hashes, sessions, slowed guessing, who may do what |
| `headers` | what every answer tells the browser to refuse |
| `app`, `stream`, `server` | the routes, the push of views, and uvicorn in the agent's own loop |
"""
