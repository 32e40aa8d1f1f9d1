"""A person says that a visit is wrong; an operator looks at it, with their consent, and decides."""
