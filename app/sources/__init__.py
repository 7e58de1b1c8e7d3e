"""Sources: one pure module a format, bytes to drafts with their position."""
