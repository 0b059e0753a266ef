import engine  # noqa: F401 - forbids what dependencies would do by default, before their import
