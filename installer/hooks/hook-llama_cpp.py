"""PyInstaller: llama.cpp's libraries keep their place, where the package looks for them."""

from PyInstaller.utils.hooks import collect_dynamic_libs

binaries = collect_dynamic_libs("llama_cpp", search_patterns=["*.dll", "*.dylib", "*.so"])
