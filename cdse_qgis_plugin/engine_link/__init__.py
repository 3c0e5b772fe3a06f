"""The wire between the plugin and its engine."""
