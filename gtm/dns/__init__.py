"""Messages: names, records and the reference responder."""
