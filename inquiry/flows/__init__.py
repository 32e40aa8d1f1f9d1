"""What the service does for each kind of text: one small module per flow."""
