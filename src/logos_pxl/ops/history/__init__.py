"""What the service leaves behind: its logs and its performance documents, those of today and those of other days."""
