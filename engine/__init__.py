import engine.quiet_dependencies  # noqa: F401 - before any dependency is imported
