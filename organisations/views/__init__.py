"""Pages for employers, and the operators' list of organisations."""
