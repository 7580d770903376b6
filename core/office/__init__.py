"""What traders, drivers and officers ask of the core: cargo, bundles, holds, and the socket they ask over.

| module | what is in it |
|---|---|
| `requests`, `answers` | the operators' interface as types, a line of JSON each |
| `admin`, `wall_door` | where it is asked: the local socket, and the door of the walls |
| `door`, `rights` | who asks, and who may ask what |
| `admin_handler`, `together` | what each request does; what comes together shares a commit |
| `counter`, `people_desk` | of these: the trade's, and opening accounts |
| `service`, `bundling`, `cargo` | cargo and bundles: each request one transaction; the earliest crossing; the rules of a lodgement |
| `people`, `papers` | accounts and whose things are; drafts, templates and batches, in the store |
| `wall_requests` | what a wall asks of the past, and the answers, as types |
| `looking_back`, `visit_search`, `trouble_count` | of these: the story of a visit, its proof and pictures; searches and figures; alarms and links |
| `sealed_file` | a file that the core has signed |
| `sealed_story`, `attached` | pages that a wall made of one: the core's seal on them, and the record inside |
| `numbers` | ten-digit references |
"""
