"""The phone simulator's provider: texts go to `SandboxText` rows instead of the air."""
