"""Who may do what with which table: the whole matrix, on one page (functions: `functions.py`).

Applied by the owner after every migration (`travelcheck/granting.py`): everything is revoked, then
this is granted. A role that is not named for a table has nothing on it. `gate` is the role that
owns the SQL functions of the schemas `audit`, `gate` and `signaling`; nobody can log in as it.

A verb may be limited to columns: "UPDATE (handled_at)".
"""

Grants = dict[str, dict[str, list[str]]]

# role -> table -> verbs
TABLES: Grants = {
    "web": {
        # core
        "django_migrations": ["SELECT"],
        "core_installation": ["SELECT"],
        "core_feed": ["SELECT"],
        "core_personkey": ["SELECT", "INSERT"],
        # sms_gateway: what comes in is stored by the web alone, and read by it never
        "sms_gateway_inboundmessage": [
            "SELECT (id, provider, provider_message_id)",
            "INSERT (provider, provider_message_id, number_index, key_id, sender_sealed,"
            " body_sealed, problem, is_stop, agrees_to, answered_by_provider, received_at, due_at,"
            " enqueued_at, attempts)",
        ],
        "sms_gateway_deliveryreport": [
            "SELECT (id, provider, provider_message_id, ref, status, error_code, received_at)",
            "INSERT (provider, provider_message_id, ref, status, error_code, received_at)",
        ],
        # what operators see and set: which texts went and how they fared, not to whom or what, and
        # of those that went for organisations sums alone (sms_gateway/sql/for_web.sql); the words
        # of those that nobody understood
        "sms_gateway_outboundmessage": [
            "SELECT (id, ref, kind, segments, state, reason, error_code, attempts, due_at,"
            " created_at, expires_at, sending_at, sent_at, delivered_at, provider,"
            " provider_message_id, cost)"
        ],
        "sms_gateway_tally": ["SELECT"],
        "sms_gateway_unclear": [
            "SELECT (inbound_id, ref, key_id, body_sealed, received_at, closed_at)"
        ],
        "sms_gateway_operatoract": ["SELECT", "INSERT"],
        "sms_gateway_probe": ["SELECT"],
        "sms_gateway_providerstate": ["SELECT", "INSERT", "UPDATE (is_pinned)"],
        "sms_gateway_providercall": ["SELECT"],
        "sms_gateway_switch": ["SELECT", "INSERT"],
        "sms_gateway_incident": ["SELECT"],
        # parts of texts, until they are put together
        "sms_gateway_inboundpart": [
            "SELECT",
            "INSERT",
            "UPDATE (confirmed_at, stored_at, sealed)",
            "DELETE",
        ],
        "sms_gateway_outboundpart": ["SELECT"],
        "sms_gateway_sandboxphone": ["SELECT", "INSERT"],
        "sms_gateway_sandboxtext": ["SELECT", "INSERT", "UPDATE (delivered_at)"],
        # consent: organisations' questions are stored by the web alone; whom one is about and what
        # became of it is not for it to see
        "consent_request": [
            "SELECT (id, org_ref, purpose, question, places, days, kept_days, asked_by, nonce,"
            " reference, is_test, asked_at, closes_at, cancelled_at)",
            "INSERT (id, org_ref, purpose, question, places, days, kept_days, asked_by,"
            " number_index, number_sealed, key_id, code_digest, nonce, reference, is_test,"
            " asked_at, closes_at)",
            "UPDATE (cancelled_at)",
        ],
        # disputes: nothing that says whose a case is; evidence through the gate's functions alone
        "disputes_dispute": [
            "SELECT (id, state, due_on, opened_at, decided_at, reason, is_replaced)"
        ],
        # what people told staff by phone: stored, never read
        "consent_withdrawalbyphone": ["INSERT"],
        # verification: of answers only those that were handed over (verification/sql/answers.sql)
        # and not where in the log one stands
        "verification_answer": [
            "SELECT (request_id, org_ref, answer_id, consent_id, release_id, token_sealed, made_at,"
            " handed_over_at, first_read_at, withdrawn_at)",
            "UPDATE (first_read_at)",
        ],
        "verification_webhook": ["SELECT", "INSERT", "UPDATE", "DELETE"],
        "verification_delivery": ["SELECT", "INSERT", "DELETE"],
        "verification_attempt": ["SELECT", "DELETE"],
        "verification_idempotentreply": ["SELECT", "INSERT", "UPDATE"],
        "verification_signingkey": ["SELECT"],
        "verification_statuslist": ["SELECT"],
        "verification_upload": ["SELECT", "INSERT", "UPDATE (sent_at)"],
        "verification_uploadrow": [
            "SELECT",
            "INSERT",
            "UPDATE (sealed, request_id, problem)",
        ],
        # signaling: how ingestion is doing
        "signaling_day": ["SELECT"],
        "signaling_ingesttotal": ["SELECT"],
        # and the places that a question can be about
        "signaling_city": ["SELECT"],
        # accounts: staff and their links are made by commands, as owner
        "django_session": ["SELECT", "INSERT", "UPDATE", "DELETE"],
        "accounts_user": ["SELECT", "INSERT", "UPDATE (password, last_login, name, session_epoch)"],
        "accounts_staffmember": ["SELECT"],
        "accounts_setuplink": ["SELECT", "UPDATE (used_at)"],
        "accounts_outgoingmail": ["INSERT"],
        "account_emailaddress": ["SELECT", "INSERT"],
        "mfa_authenticator": ["SELECT", "INSERT", "UPDATE", "DELETE"],
        # organisations: who they are is fixed when they apply
        "organisations_organisation": [
            "SELECT",
            "INSERT",
            "UPDATE (status, purposes, itinerary_purposes, may_ask_by_number, requests_per_day,"
            " open_requests, approved_at, suspended_at, closed_at)",
        ],
        "organisations_membership": ["SELECT", "INSERT", "UPDATE (role)", "DELETE"],
        "organisations_invitation": ["SELECT", "INSERT", "UPDATE (accepted_at, revoked_at)"],
        "organisations_apikey": [
            "SELECT",
            "INSERT",
            "UPDATE (expires_at, revoked_at, last_used_on)",
        ],
    },
    "worker": {
        # core
        "django_migrations": ["SELECT"],
        "core_installation": ["SELECT"],
        "core_feed": ["SELECT"],
        "core_personkey": ["SELECT", "INSERT", "UPDATE (retired_at)"],
        # sms_gateway: no INSERT of inbound texts, for those are what consents rest on
        "sms_gateway_inboundmessage": [
            "SELECT",
            "UPDATE (handled_at, problem, due_at, enqueued_at, attempts, body_sealed,"
            " sender_sealed, redact_at)",
        ],
        "sms_gateway_outboundmessage": ["SELECT", "INSERT", "UPDATE"],
        "sms_gateway_tally": ["SELECT"],
        "sms_gateway_deliveryreport": ["SELECT", "UPDATE (applied_at)"],
        "sms_gateway_outboundpart": ["SELECT", "INSERT"],
        "sms_gateway_providercall": ["SELECT", "INSERT", "DELETE"],
        "sms_gateway_providerstate": ["SELECT", "INSERT", "UPDATE (share, changed_at)"],
        "sms_gateway_switch": ["INSERT", "SELECT (id, at)", "DELETE"],
        "sms_gateway_unclear": ["SELECT", "INSERT", "UPDATE (closed_at, body_sealed)", "DELETE"],
        "sms_gateway_operatoract": ["SELECT", "UPDATE (done_at, was_done)", "DELETE"],
        "sms_gateway_probe": ["SELECT", "INSERT", "UPDATE (back_at)", "DELETE"],
        "sms_gateway_incident": ["SELECT", "INSERT", "UPDATE (closed_at)", "DELETE"],
        "sms_gateway_inboundpart": ["SELECT (number_index)", "DELETE"],
        "sms_gateway_optout": ["SELECT", "INSERT", "UPDATE"],
        "sms_gateway_senderoptout": ["SELECT", "INSERT", "DELETE"],
        "sms_gateway_sandboxphone": ["SELECT", "INSERT"],
        "sms_gateway_sandboxtext": ["SELECT", "INSERT"],
        # accounts: e-mails and what sessions leave behind
        "accounts_outgoingmail": ["SELECT", "INSERT", "UPDATE (due_at, attempts)", "DELETE"],
        # and to whom it writes: owners, when their webhook was disabled
        "accounts_user": ["SELECT (id, email)"],
        "organisations_membership": ["SELECT (id, organisation_id, user_id, role, joined_at)"],
        "django_session": ["SELECT (expire_date)", "DELETE"],
        # organisations: whose time is up
        "organisations_organisation": [
            "SELECT (id, name, status, purposes, itinerary_purposes, may_ask_by_number,"
            " approved_at, closed_at, applied_at)",
            "DELETE",
        ],
        "organisations_invitation": ["SELECT (created_at)", "DELETE"],
        # oversight: exports whose day is over
        "oversight_export": ["SELECT (id, asked_at)", "DELETE"],
        "oversight_exportpart": ["SELECT (export_id)", "DELETE"],
        # audit
        "audit_entry": ["SELECT"],
        # subscribers: whose stay-points are whose is not for the worker to know
        "subscribers_tenure": [
            "SELECT (id, msisdn_index, subject_ref, valid_from, valid_to, contested_from, key_id,"
            " language, id_digest)",
            "UPDATE (key_id, language)",
        ],
        # signaling
        "signaling_city": ["SELECT"],
        # consent
        "consent_consent": ["SELECT"],
        "consent_notice": ["SELECT"],
        "consent_release": ["SELECT"],
        # no INSERT of requests, for those are what asking rests on
        "consent_request": ["SELECT"],
        "consent_sharingcode": ["SELECT", "INSERT", "DELETE"],
        "consent_withdrawalbyphone": ["SELECT", "DELETE"],
        "consent_erasurewish": ["SELECT"],
        "consent_block": ["SELECT", "INSERT", "DELETE"],
        "consent_pause": ["SELECT", "INSERT", "UPDATE", "DELETE"],
        # disputes: not which visit it is about
        "disputes_dispute": [
            "SELECT (id, consent_id, tenure_id, first_day, last_day, state, due_on, opened_at,"
            " decided_at, reason, is_replaced, told_at)",
            "UPDATE (told_at)",
        ],
        "disputes_lastvisits": ["SELECT", "INSERT", "UPDATE", "DELETE"],
        # verification: it holds the key that signs answers
        "verification_signingkey": ["SELECT", "INSERT", "UPDATE (retired_at, revoked_at)"],
        "verification_answer": ["SELECT", "INSERT", "UPDATE", "DELETE"],
        "verification_webhook": ["SELECT", "UPDATE (failing_since, disabled_at)"],
        "verification_delivery": ["SELECT", "INSERT", "UPDATE", "DELETE"],
        "verification_attempt": ["SELECT", "INSERT", "DELETE"],
        "verification_idempotentreply": ["SELECT", "DELETE"],
        "verification_issuedanswer": [
            "SELECT",
            "INSERT",
            "UPDATE (standing, is_handed_over)",
            "DELETE",
        ],
        "verification_statuslist": ["SELECT", "INSERT", "UPDATE", "DELETE"],
        "verification_upload": ["SELECT (id, made_at)", "DELETE"],
        "verification_uploadrow": [
            "SELECT (upload_id, sealed)",
            "UPDATE (sealed, problem)",
            "DELETE",
        ],
        # inquiry
        "inquiry_conversation": ["SELECT", "INSERT", "UPDATE", "DELETE"],
        # subject_access: no INSERT, and neither when a page was opened nor the entry of that
        "subject_access_opening": [
            "SELECT",
            "UPDATE (considered_at, code_digest, tenure_id, number_sealed, sealed, ended_at)",
            "DELETE",
        ],
    },
    "sequencer": {
        # core
        "core_installation": ["SELECT"],
        # audit
        "audit_entry": ["SELECT (id, recorded_at, body)"],
        "audit_queue": ["SELECT", "DELETE"],
        "audit_leaf": ["SELECT", "INSERT"],
        "audit_node": ["SELECT", "INSERT"],
        "audit_checkpoint": ["SELECT", "INSERT"],
        "audit_cosignature": ["SELECT", "INSERT"],
        "audit_policy": ["SELECT"],
    },
    "ingest": {
        # core
        "core_installation": ["SELECT"],
        "core_feed": ["SELECT", "INSERT", "UPDATE"],
        # subscribers
        "subscribers_tenure": [
            "SELECT (id, msisdn_index, imsi_index, subscriber_ref, valid_from, valid_to,"
            " contested_from, id_digest)",
            "INSERT",
            "UPDATE (imsi_index, valid_from, valid_to, contested_from, id_digest)",
        ],
        "subscribers_tombstone": ["SELECT", "UPDATE (files_erased_at)"],
        # signaling: stay-points go in through a function and cannot be read
        "signaling_city": ["SELECT", "INSERT", "UPDATE"],
        "signaling_ingestedfile": ["SELECT", "INSERT", "UPDATE", "DELETE"],
        "signaling_day": ["SELECT", "INSERT", "UPDATE", "DELETE"],
        "signaling_ingesttotal": ["SELECT", "INSERT", "UPDATE"],
        "signaling_bucket": ["SELECT"],
    },
    "auditor": {
        # core
        "core_installation": ["SELECT"],
        # accounts: who is logged in; log-in itself is the web process's
        "django_session": [
            "SELECT",
            "UPDATE (session_data, expire_date)",
            "DELETE",
        ],
        "accounts_user": ["SELECT"],
        "accounts_staffmember": ["SELECT"],
        "mfa_authenticator": ["SELECT (id, user_id, type)"],
        # organisations
        "organisations_organisation": ["SELECT (id, name)"],
        # oversight
        "oversight_resolution": [
            "SELECT",
            "INSERT",
            "UPDATE (decided_by, decided_at, is_granted)",
        ],
        "oversight_hold": ["SELECT"],
        "oversight_sample": ["SELECT", "INSERT", "UPDATE (looked_at)"],
        "oversight_finding": ["SELECT", "INSERT", "UPDATE (outcome, closed_by, closed_at)"],
        "oversight_export": ["SELECT", "INSERT", "UPDATE (below, written, finished_at)"],
        "oversight_exportpart": ["SELECT", "INSERT"],
        # audit
        "audit_entry": ["SELECT"],
        "audit_queue": ["SELECT"],
        "audit_leaf": ["SELECT"],
        "audit_node": ["SELECT"],
        "audit_checkpoint": ["SELECT"],
        "audit_cosignature": ["SELECT"],
        "audit_policy": ["SELECT"],
        "audit_pruned": ["SELECT"],
    },
    "gate": {
        # core
        "core_installation": ["SELECT"],
        "core_feed": ["SELECT"],
        "core_personkey": ["SELECT", "DELETE"],
        # audit
        "audit_entry": [
            "SELECT (id, recorded_at, event, subject_ref, body)",
            "INSERT",
            # a whole year, by the published policy: triggers refuse any other row
            "DELETE",
        ],
        "audit_queue": ["SELECT", "INSERT"],
        "audit_leaf": ["SELECT", "DELETE"],
        "audit_node": ["SELECT", "DELETE"],
        "audit_checkpoint": ["SELECT", "DELETE"],
        "audit_cosignature": ["SELECT", "DELETE"],
        "audit_pruned": ["SELECT", "INSERT"],
        "audit_policy": ["SELECT", "INSERT"],
        "audit_mirror": ["SELECT", "UPDATE (read_on)"],
        # texts that came in: the cause of everything the gate does
        "sms_gateway_inboundmessage": ["SELECT (id, number_index, received_at, agrees_to)"],
        # subscribers
        "subscribers_tenure": ["SELECT", "INSERT", "UPDATE", "DELETE"],
        "subscribers_tombstone": ["INSERT"],
        # signaling
        "signaling_staypoint": ["SELECT", "INSERT", "DELETE"],
        "signaling_coverage": ["SELECT", "INSERT", "DELETE"],
        "signaling_bucket": ["SELECT", "INSERT", "UPDATE"],
        # consent
        "consent_consent": ["SELECT", "INSERT", "UPDATE"],
        "consent_notice": ["SELECT", "INSERT", "UPDATE"],
        "consent_release": ["SELECT", "INSERT", "UPDATE"],
        "consent_request": ["SELECT", "UPDATE", "DELETE"],
        "consent_sharingcode": ["SELECT", "UPDATE", "DELETE"],
        "consent_withdrawalbyphone": ["SELECT", "UPDATE (done_at)"],
        "consent_block": ["SELECT", "DELETE"],
        "consent_pause": ["SELECT", "DELETE"],
        # disputes
        "disputes_dispute": ["SELECT", "INSERT", "UPDATE", "DELETE"],
        "disputes_evidence": ["SELECT", "INSERT", "DELETE"],
        "disputes_look": ["SELECT", "INSERT", "DELETE"],
        "disputes_override": ["SELECT", "INSERT", "DELETE"],
        "disputes_lastvisits": ["SELECT (tenure_id)", "DELETE"],
        # subject_access
        "subject_access_opening": ["SELECT", "INSERT", "UPDATE", "DELETE"],
        # who operates the service
        "accounts_staffmember": ["SELECT (user_id, role)"],
        # which number two auditors agreed on
        "oversight_resolution": ["SELECT"],
        # what two auditors decided to keep, and erasures that wait for it
        "oversight_hold": ["SELECT", "INSERT", "UPDATE"],
        "consent_erasurewish": ["SELECT", "INSERT", "DELETE"],
        # who may ask, and for what
        "organisations_organisation": [
            "SELECT (id, name, status, purposes, itinerary_purposes, may_ask_by_number)"
        ],
    },
}

SCHEMAS = ("core", "audit", "gate", "signaling")
ROLES = ("web", "worker", "sequencer", "ingest", "auditor", "gate")
