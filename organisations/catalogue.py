"""The closed lists: what organisations may ask for, who their members are, what keys may do.

A purpose is a word of the notice that reaches a phone, so there is no free text. A new one is a
migration, for the database holds the list too.
"""

from django.db import models


class Purpose(models.TextChoices):
    RETURN_TO_WORK = "return_to_work"
    SITE_ACCESS = "site_access"
    BUSINESS_TRIP = "business_trip"
    DUTY_OF_CARE = "duty_of_care"


class Status(models.TextChoices):
    """applied → approved ⇄ suspended; each of them → closed, which is for good."""

    APPLIED = "applied"
    APPROVED = "approved"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Role(models.TextChoices):
    OWNER = "owner"  # members, keys, and all below
    ASKER = "asker"  # asks, and reads the answers
    VIEWER = "viewer"  # reads the answers


class Scope(models.TextChoices):
    REQUESTS_WRITE = "requests:write"  # create and cancel requests, redeem invitation codes
    REQUESTS_READ = "requests:read"
    ANSWERS_READ = "answers:read"
    USAGE_READ = "usage:read"
    WEBHOOKS_WRITE = "webhooks:write"
