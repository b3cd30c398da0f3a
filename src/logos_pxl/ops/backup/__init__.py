"""Backups of configuration, history and certificates, and their restoring. docs/operations/backup.md has the format."""
