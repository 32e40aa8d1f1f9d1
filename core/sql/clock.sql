-- The clock, and who asks. RETURN: names are looked up now and never again, so nothing needs to be
-- pinned, and the planner can put the expression in the place of the call.
CREATE OR REPLACE FUNCTION core.now() RETURNS timestamptz
LANGUAGE sql VOLATILE RETURN clock_timestamp();

-- The short name of the role that is connected: web, worker, sequencer, ...
CREATE OR REPLACE FUNCTION core.role() RETURNS text
LANGUAGE sql STABLE RETURN regexp_replace(session_user::text, '^.*_', '');
