-- What may stand in the log: the closed lists of events and of fields. `docs/log.md` explains them.
-- A migration that runs this file again brings an installed service up to the lists as they stand here.
-- BEGIN ATOMIC: names are looked up now and never again, and the planner can unfold the lists where
-- they are used; looking a field up costs a microsecond so, and fifty as a call.
SET LOCAL ROLE {gate};

-- restricted: written by the functions of the gate alone. required: fields that must be there.
CREATE OR REPLACE FUNCTION audit.events() RETURNS TABLE (name text, restricted boolean, required text[])
LANGUAGE sql IMMUTABLE BEGIN ATOMIC VALUES
  ('consent.requested',        true,  '{subject_ref,consent_id}'::text[]),
  ('consent.notice_sent',      true,  '{subject_ref,consent_id}'),
  ('consent.notice_delivered', true,  '{subject_ref,consent_id}'),
  ('consent.granted',          true,  '{subject_ref,consent_id}'),
  ('consent.refused',          true,  '{subject_ref,consent_id}'),
  ('consent.expired',          true,  '{subject_ref,consent_id}'),
  ('consent.withdrawn',        true,  '{subject_ref,consent_id}'),
  ('consent.invalidated',      true,  '{subject_ref,consent_id}'),
  ('consent.superseded',       true,  '{subject_ref,consent_id}'),
  ('consent.consumed',         true,  '{subject_ref,consent_id}'),
  ('access.claimed',           true,  '{subject_ref,consent_id,release_id}'),
  ('access.fetched',           true,  '{subject_ref,consent_id,release_id}'),
  ('access.released',          true,  '{subject_ref,consent_id,release_id}'),
  -- A refused claim may name no consent that exists.
  ('access.denied',            true,  '{reason}'),
  ('access.delivered',         true,  '{subject_ref,consent_id,release_id}'),
  -- The person took it back after it had been handed over: the asker is told to delete it.
  ('consent.recalled',         true,  '{subject_ref,consent_id}'),
  ('erasure.done',             true,  '{subject_ref}'),
  -- What the law keeps for a while is erased then.
  ('erasure.asked',            true,  '{subject_ref}'),
  ('subject.viewed_log',       false, '{subject_ref}'),
  ('subject.shared_code',      false, '{subject_ref}'),
  ('subject.blocked',          false, '{subject_ref,org_ref}'),
  ('subject.unblocked',        false, '{subject_ref,org_ref}'),
  ('subject.paused',           false, '{subject_ref}'),
  ('subject.resumed',          false, '{subject_ref}'),
  ('subject.held',             false, '{subject_ref}'),
  ('staff.viewed_subject',     false, '{subject_ref}'),
  ('purge.run',                false, '{}'),
  ('import.done',              false, '{}'),
  ('role.changed',             false, '{}'),
  ('key.rotated',              false, '{}'),
  ('export.made',              false, '{}'),
  ('hold.asked',               true,  '{subject_ref,hold_id}'),
  ('hold.refused',             true,  '{subject_ref,hold_id}'),
  ('hold.set',                 true,  '{subject_ref,hold_id,valid_until}'),
  ('hold.lifted',              true,  '{subject_ref,hold_id}'),
  ('config.changed',           false, '{}'),
  -- logs of earlier years: how one ended, that its entries went, that a copy of it was verified
  ('log.began',                true,  '{log_year,rows,root_sha256}'),
  ('log.pruned',               true,  '{log_year,rows,root_sha256}'),
  ('log.checked',              false, '{verdict}'),
  -- who may ask, and who works here
  ('organisation.applied',            false, '{org_ref}'),
  ('organisation.approved',           false, '{org_ref,purposes}'),
  ('organisation.changed',            false, '{org_ref,purposes}'),
  ('organisation.suspended',          false, '{org_ref}'),
  ('organisation.resumed',            false, '{org_ref}'),
  ('organisation.closed',             false, '{org_ref}'),
  ('organisation.member_invited',     false, '{org_ref,invitation_ref,member_role}'),
  ('organisation.invitation_revoked', false, '{org_ref,invitation_ref}'),
  ('organisation.member_joined',      false, '{org_ref,account_ref,member_role}'),
  ('organisation.member_changed',     false, '{org_ref,account_ref,member_role}'),
  ('organisation.member_removed',     false, '{org_ref,account_ref,member_role}'),
  ('organisation.key_made',           false, '{org_ref,key_ref}'),
  ('organisation.key_rotated',        false, '{org_ref,key_ref,replaced_key_ref}'),
  ('organisation.key_revoked',        false, '{org_ref,key_ref}'),
  ('staff.added',                     false, '{account_ref,staff_role}'),
  ('staff.ended',                     false, '{account_ref,staff_role}'),
  ('organisation.asked',              false, '{org_ref,request_id}'),
  ('organisation.cancelled',          false, '{org_ref,request_id}'),
  ('organisation.read_answer',        false, '{org_ref,request_id}'),
  ('organisation.webhook_made',       false, '{org_ref}'),
  ('organisation.webhook_removed',    false, '{org_ref}'),
  ('staff.reset_account',             false, '{account_ref}'),
  ('staff.ended_consents',            false, '{account_ref}'),
  -- a person says that a visit is wrong
  ('dispute.opened',                  true,  '{subject_ref,dispute_id}'),
  ('dispute.viewed',                  true,  '{subject_ref,dispute_id}'),
  ('dispute.confirmed',               true,  '{subject_ref,dispute_id}'),
  ('dispute.rejected',                true,  '{subject_ref,dispute_id}'),
  ('dispute.ended',                   true,  '{subject_ref,dispute_id}'),
  -- auditors: what they look at, and what they find
  ('auditor.searched',                false, '{}'),
  ('auditor.viewed_entry',            false, '{related_entry}'),
  ('auditor.resolve_asked',           false, '{resolution_id}'),
  ('auditor.resolved',                false, '{subject_ref,resolution_id}'),
  ('auditor.resolve_refused',         false, '{resolution_id}'),
  ('auditor.sampled',                 false, '{sample_id}'),
  ('auditor.noted_finding',           false, '{finding_id}'),
  ('auditor.closed_finding',          false, '{finding_id}'),
  -- the gateway
  ('gateway.switched',                false, '{provider}'),
  ('gateway.incident_opened',         false, '{incident_id}'),
  ('gateway.incident_closed',         false, '{incident_id}'),
  ('gateway.text_resent',             false, '{}'),
  ('gateway.text_handled',            false, '{}');
END;

-- Each field has a shape; shape `code` and `codes` (an array of them) also a closed list of values.
CREATE OR REPLACE FUNCTION audit.fields() RETURNS TABLE (name text, shape text, codes text[])
LANGUAGE sql IMMUTABLE BEGIN ATOMIC VALUES
  -- who and what, by random reference
  ('subject_ref',         'reference', NULL::text[]),
  ('org_ref',             'reference', NULL),
  ('consent_id',          'reference', NULL),
  ('request_id',          'reference', NULL),
  ('release_id',          'reference', NULL),
  ('superseded_by',       'reference', NULL),
  ('related_entry',       'reference', NULL),
  ('hold_id',             'reference', NULL),
  ('export_id',           'reference', NULL),
  ('dispute_id',          'reference', NULL),
  ('resolution_id',       'reference', NULL),
  ('sample_id',           'reference', NULL),
  ('finding_id',          'reference', NULL),
  ('incident_id',         'reference', NULL),
  -- the terms of a consent
  ('consent_state',       'code',      '{requested,disclosed,granted,refused,expired,consumed,withdrawn,invalidated,superseded}'),
  ('consent_state_seq',   'count',     NULL),
  ('purpose_code',        'code',      '{self_inquiry,visit_review,return_to_work,site_access,business_trip,duty_of_care}'),
  ('categories',          'codes',     '{cities,countries,been_to,visit}'),
  ('question',            'code',      '{itinerary,visited_any,stayed_only_in,visit}'),
  ('granularity',         'code',      '{city,country,yes_no,hour}'),
  ('window_days',         'count',     NULL),
  ('window_from',         'date',      NULL),
  ('window_to',           'date',      NULL),
  ('valid_from',          'time',      NULL),
  ('valid_until',         'time',      NULL),
  ('max_uses',            'count',     NULL),
  ('uses',                'count',     NULL),
  ('terms_sha256',        'digest',    NULL),
  -- the notice and the answer
  ('language',            'language',  NULL),
  ('channel',             'code',      '{sms,web,api,command,timer,phone}'),
  ('notice_sha256',       'digest',    NULL),
  ('notice_version',      'version',   NULL),
  ('segments',            'count',     NULL),
  ('delivery',            'code',      '{sent,delivered,undelivered,failed,unknown}'),
  ('provider_msg_ref',    'digest',    NULL),
  ('reply_sha256',        'digest',    NULL),
  ('attempts',            'count',     NULL),
  -- an access and its result
  ('payload_commitment',  'digest',    NULL),
  ('outcome',             'code',      '{ok,partly,nothing,failed}'),
  ('reason',              'code',      '{asked,stop,drop,no,replaced,time_up,unknown_consent,not_granted,expired,used_up,withdrawn,out_of_scope,other_person,other_asker,wrong_cause,no_cause,tenure_ended,other_tenure,sim_changed,number_changed,no_subscription,stale_subscriptions,no_data,erased,organisation_suspended,notice_defect,wrong_code,too_many_codes,opted_out,held,blocked,paused,cooling_down,over_cap,over_budget,unknown_number,unknown_code,cancelled,too_late,evidence,mistake,complaint,legal_duty,court_order,investigation,security,slow,failing,manual,recovered,cell_misplaced,far_jump,border_undecided,seen_throughout,no_other_city,phone_alone}'),
  -- the running of the service
  ('kind',                'code',      '{cities,cells,subscriptions,events,stay_points,messages,keys,log,consents,personal_data,data_key,signaling_key,signing_key,person_key,role,organisation,member,setting,retention,answers,requests,disputes,witness,policy,texts}'),
  ('file_sha256',         'digest',    NULL),
  ('key_sha256',          'digest',    NULL),
  ('log_year',            'count',     NULL),
  ('root_sha256',         'digest',    NULL),
  ('verdict',             'code',      '{intact,tampered,unverifiable}'),
  ('days',                'count',     NULL),
  ('rows',                'tally',     NULL),
  ('rejected',            'tally',     NULL),
  ('through',             'date',      NULL),
  ('rule_version',        'version',   NULL),
  ('policy_version',      'version',   NULL),
  ('software_version',    'version',   NULL),
  -- organisations and staff
  ('account_ref',         'reference', NULL),
  ('invitation_ref',      'reference', NULL),
  ('key_ref',             'reference', NULL),
  ('replaced_key_ref',    'reference', NULL),
  ('staff_role',          'code',      '{operator,auditor}'),
  ('member_role',         'code',      '{owner,asker,viewer}'),
  ('key_scopes',          'codes',     '{requests:write,requests:read,answers:read,usage:read,webhooks:write}'),
  ('purposes',            'codes',     '{return_to_work,site_access,business_trip,duty_of_care}'),
  ('itinerary_purposes',  'codes',     '{return_to_work,site_access,business_trip,duty_of_care}'),
  ('by_number',           'code',      '{yes,no}'),
  ('requests_per_day',    'count',     NULL),
  ('open_requests',       'count',     NULL),
  ('asked_by',            'code',      '{number,code}'),
  -- auditors' searches, by what was filtered; the gateway
  ('filters',             'codes',     '{from,to,organisation,event,consent,subject,result}'),
  ('provider',            'code',      '{sandbox,sandbox_b,twilio,twilio_b,smpp,smpp_b}');
END;

-- The same lists, looked up by name in one step: constants, made anew whenever this file is run.
DO $$
BEGIN
  EXECUTE format(
    'CREATE OR REPLACE FUNCTION audit.event(p_name text) RETURNS jsonb
     LANGUAGE sql IMMUTABLE RETURN %L::jsonb -> p_name',
    (SELECT jsonb_object_agg(e.name, jsonb_build_object(
       'restricted', e.restricted, 'required', e.required::text)) FROM audit.events() e));
  EXECUTE format(
    'CREATE OR REPLACE FUNCTION audit.field(p_name text) RETURNS jsonb
     LANGUAGE sql IMMUTABLE RETURN %L::jsonb -> p_name',
    (SELECT jsonb_object_agg(f.name, jsonb_build_object(
       'shape', f.shape, 'codes', to_jsonb(f.codes))) FROM audit.fields() f));
END $$;

-- Whether a value has the shape. The shapes leave no room for a name, a number or a city:
-- references are random (versions 4 and 7: those made from a name are a hash of that name), counts
-- have six digits at most, codes are on a closed list, versions hold eight digits at most. Each
-- leaves one spelling only, of printable ASCII without quotes: what fits is canonical as it stands.
DROP FUNCTION IF EXISTS audit.fits(text, text[], jsonb);
CREATE OR REPLACE FUNCTION audit.fits(p_shape text, p_codes jsonb, p_value jsonb) RETURNS boolean
LANGUAGE sql STABLE RETURN CASE
  WHEN p_shape = 'codes' THEN
    jsonb_typeof(p_value) = 'array' AND p_value <@ p_codes
    AND jsonb_array_length(p_value) <= jsonb_array_length(p_codes)
  WHEN p_shape IN ('count', 'tally') THEN
    jsonb_typeof(p_value) = 'number' AND p_value #>> '{}'
      ~ CASE p_shape WHEN 'count' THEN '^[0-9]{1,6}$' ELSE '^[0-9]{1,15}$' END
  WHEN jsonb_typeof(p_value) <> 'string' THEN false
  WHEN p_shape = 'code' THEN p_codes ? (p_value #>> '{}')
  ELSE p_value #>> '{}' ~ CASE p_shape
    WHEN 'reference' THEN
      '^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'
    WHEN 'digest' THEN '^[0-9a-f]{64}$'
    WHEN 'date' THEN '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'
    WHEN 'time' THEN
      '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T[0-2][0-9](:[0-5][0-9]){2}([.][0-9]{1,6})?Z$'
    WHEN 'language' THEN '^[a-z]{2}(-[a-z]{4})?$'
    WHEN 'version' THEN '^[a-z]{0,8}-?[0-9]{1,4}([.-][0-9]{1,2}){0,2}([+]g[0-9a-f]{7,40})?$'
  END
END;

RESET ROLE;
