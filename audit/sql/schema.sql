-- The gate role owns the schema and all that is in it; nobody can log in as it.
CREATE SCHEMA audit AUTHORIZATION {gate};
