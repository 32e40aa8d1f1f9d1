"""The local stack: embedded servers, the processes of the service, and who starts them.

Read in this order: `local` (secrets and environments), `postgres` and `redis` (embedded servers),
`database_roles` (what an empty server needs), `processes` (the table of processes), `supervisor`
(keeps them running), `launcher` (`serve` and `demo`).
"""
