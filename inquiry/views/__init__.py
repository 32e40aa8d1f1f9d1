"""Pages of the conversation's room: for operators who take calls, and for the person."""
