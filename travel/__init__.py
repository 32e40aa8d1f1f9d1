"""From stay-points to an itinerary: pure functions, no tables, no queries."""

#: The rule that makes visits out of stay-points. Every answer names it; a change of the rule, in
#: here or in how stays are formed, is a new version.
RULE_VERSION = "2"
