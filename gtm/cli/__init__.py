"""The gtm command, one file per subcommand."""
