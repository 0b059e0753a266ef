"""PyInstaller hook: keeps llama.cpp's libraries where its package looks for them."""

from PyInstaller.utils.hooks import collect_dynamic_libs

binaries = collect_dynamic_libs("llama_cpp", search_patterns=["*.dll", "*.dylib", "*.so"])
