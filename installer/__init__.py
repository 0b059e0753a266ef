import engine  # noqa: F401 - first, because it switches off unwanted defaults of dependencies
