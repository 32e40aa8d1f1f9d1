"""Pages: what anybody may fetch, and the portal of employers."""
