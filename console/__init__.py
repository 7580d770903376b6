"""The officers' page of one lane: served by the box itself, working with no link and no Internet.

| module | what is in it |
|---|---|
| `ports` | what the page is given: the lane as an officer sees it, and what an officer may do |
| `present` | a view as the browser draws it: plain data, every word chosen here |
| `headline` | the state line: what the lane is doing, why, and what the officer does next |
| `calls` | what calls an officer, worst first: vehicles that ran, and the alarms, one card for each cause |
| `tongues`, `chinese` | one language at a time: texts that know both, and the sentences in Chinese |
| `call_routes`, `voice_port` | the voice of a help call: what the page sends and hears, and what it needs of the lane's voice |
| `listen_routes` | an officer who listens at the kiosk without being called |
| `approvals` | what waits for a second officer, or became of it |
| `desks` | who is deciding what at another page, and who acted last |
| `words`, `row_words` | every coded value, and the rows of the decision table, in an officer's words |
| `acts`, `actions` | what an officer can do, one table: button, dialog, request; and the routes that do it |
| `explained` | what a newcomer asks of the words: what a button does and does not do |
| `requests` | what the browser may ask for, and the officer's event made of it |
| `grounds` | why a button is off, what stops a vehicle, what a release is based on: the lane's judgement in words |
| `times` | times as people see them |
| `stream` | the push of views to the browsers |
| `pictures` | camera, screens and evidence as pictures |
| `live`, `live_line` | the camera's own stream, given to all who watch; where it comes from |
| `app`, `server` | the page as one ASGI application, and uvicorn in the loop of its process |
| `agent_line`, `line` | the lane from the page's own process, and what the two say to each other |
| `gate` | connections: how many, of whom, and how long a request may take |
| `context` | what the routes share |
| `access` | who may watch and who may act; every route asks here first |
| `officers`, `sessions`, `throttle` | password hashes, who is logged in, guessing slowed down |
| `login` | the login: form, session, lock, language |
| `wall_visits` | the wall of lanes at this page: its tickets |
| `headers` | what every answer tells the browser to refuse |
| `settings` | how the page is served |
| `errors` | what can go wrong, by who must act |
"""
