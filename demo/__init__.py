"""The demo: a few invented people, where their phones were, and their texts with the service.

Everybody here is invented, and so is every number (`+86154`: a range nobody was given), IMSI and
network cell. Only the places are real.
"""
