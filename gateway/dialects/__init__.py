"""Provider wire formats, sans-io: one file for each dialect."""
