-- Functions whose arguments or results change: dropped, so that the files define them anew.
SET LOCAL ROLE {gate};
DROP FUNCTION IF EXISTS gate.grant(bigint, bytea, bytea, uuid, uuid);
DROP FUNCTION IF EXISTS gate.text_of(bigint);
DROP FUNCTION IF EXISTS gate.hold(uuid);
RESET ROLE;
