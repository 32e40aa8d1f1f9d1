"""Kinds of outbound text that the gateway itself treats differently. Any other name may be used."""

STOP = "stop"  # the one confirmation that texts have ended
START = "start"  # the one confirmation that texts go again
HELP = "help"
ERASED = "erased"  # the one confirmation that everything is gone
PROBE = "probe"  # a text to ourselves

#: What may still go to a number that said STOP, and what a provider may answer in our place.
KEYWORD_REPLIES = frozenset({STOP, START, HELP, ERASED})
