"""The options page, the engine set-up page and the About dialog."""
