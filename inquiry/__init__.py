"""The SMS conversation: a text comes in, is understood, acted on through other rooms, answered."""
