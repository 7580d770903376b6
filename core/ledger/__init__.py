"""The one signed list: the store, the replicated log, and what a lane's decision rested on.

| module | what is in it |
|---|---|
| `store` | the database: connection, transactions, series |
| `row_by_row` | tables that grow, read a few rows at a time |
| `lease` | which core signs and proves |
| `changes` | what is asked for, and the sequencer that signs it |
| `log` | deltas and hashes |
| `list_history` | what the list was at a version |
| `strictest` | of several lists the strictest |
| `new_epoch` | a list begun anew, by people |
| `forgetting` | rows that have ended leave the list |
| `checkpoints` | the whole list at a version, signed |
| `whole_list` | the list as it is, for a lane that needs everything |
| `list_watch` | whether it is still the sum of its signed deltas |
| `event_months` | the tables of what lanes said, one a month |
| `archiving` | months of it go into files |
| `archive_file` | such a file |
| `anchors` | where a journal begins here, once its first rows are in the archive |
| `leaving` | what is in the archive leaves the database |
| `journal_rows` | a lane's rows, in the database or in files that were brought |
| `decision_audit` | which list was it? |
| `audit_log` | who did and looked at what |
| `sqlite_import` | a former store |
"""
