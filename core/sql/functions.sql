-- Time and days for every rule that the database holds.
CREATE SCHEMA core;
GRANT USAGE ON SCHEMA core TO PUBLIC;

CREATE FUNCTION core.service_day(p_moment timestamptz) RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT (p_moment AT TIME ZONE i.time_zone)::date FROM public.core_installation i $$;

CREATE FUNCTION core.window_days() RETURNS smallint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT i.window_days FROM public.core_installation i $$;

-- Time zone and window cannot be changed once days have been counted in them.
CREATE FUNCTION core.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RAISE EXCEPTION '% cannot be changed or deleted', TG_TABLE_NAME; END $$;

CREATE TRIGGER installation_is_fixed BEFORE UPDATE OR DELETE ON public.core_installation
FOR EACH ROW EXECUTE FUNCTION core.refuse_change();
ALTER TABLE public.core_installation ENABLE ALWAYS TRIGGER installation_is_fixed;
