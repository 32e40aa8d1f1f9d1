"""Why a visit was an error, or none. Closed lists: the database and the log hold them too."""

CONFIRMED = (
    "cell_misplaced",  # a cell is listed where it is not
    "far_jump",  # a cell far away was noted
    "border_undecided",  # it could have been either city
)
REJECTED = (
    "seen_throughout",  # observed in most of its hours
    "no_other_city",  # what was observed fits no other city
    "phone_alone",  # the phone was there, whoever carried it
)
DROPPED = "dropped"
#: Which of the two cities it was instead, in the order of their codes.
INSTEAD = ("first", "second")
