"""The wall: the lanes of one control point on one page, and the queue of what needs an officer.

It reads the lanes over the wire alone, as the core does, and is a product of its own beside box and core.

| module | what is in it |
|---|---|
| `point` | the control point as its lanes tell it (pure) |
| `listening` | MQTT: every broker, each message proved by its lane's key |
| `needs` | the queue: what needs an officer, who has it, what nobody takes (pure) |
| `history`, `store` | what is written down, as a port; and in one SQLite file |
| `desk` | the middle: lanes move the point, the point the queue, both the browsers and the history |
| `present`, `words` | lanes and needs as the browser draws them; the wall's own words, in both languages |
| `shifts`, `shift_routes` | who is on shift; the way to begin and to end one |
| `feed` | what has changed, compared and encoded once for all browsers |
| `pictures` | the newest picture of each lane, and the stream of them |
| `point_cameras`, `camera_child`, `camera_words` | further cameras of the point: who watches them; the process that receives one, and what it says |
| `orders` | what officers order of lanes, through the core |
| `lane_pages` | the lanes' own pages: pictures, and tickets by which one opens signed in |
| `video_link`, `video_routes` | the link into the site's own video system (pure); the way there, written down |
| `past` | the past, as the core tells it |
| `story` | of this, one truck's story as a page |
| `story_paper` | and as the pages of a file |
| `paper_press`, `paper_child`, `paper_words` | who has them drawn; the process that draws a PDF, and what it says |
| `replay` | what both screens showed at each moment of it (pure) |
| `story_words`, `story_values` | the words of journals: what happened, and the values of its facts |
| `figures` | the visits of some days added up (pure) |
| `trouble_figures`, `trouble_pages` | alarms and outages of links added up (pure), and as tables and lines of a file |
| `look_pages`, `number_pages` | the pages of searches and stories; of numbers |
| `oidc`, `oidc_routes` | the control room's own accounts (OpenID Connect); the way to the provider and back |
| `people`, `endpoints` | who may do what; routes, each with what it lets somebody do |
| `app` | the page as one ASGI application |
| `settings` | the settings file |
| `process`, `cli` | the running wall; `rocars-wall` |
| `errors` | what can go wrong, by who must act |
"""
