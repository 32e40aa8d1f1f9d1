-- The schema of everything that passes the gate. Its functions belong to a role nobody logs in as.
CREATE SCHEMA gate AUTHORIZATION {gate};
