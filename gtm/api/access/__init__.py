"""Who may call the API: tokens, the file that has them, callers, and what each may do."""
