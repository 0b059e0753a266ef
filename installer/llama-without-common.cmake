# Included by llama.cpp's build: the tools' common library is half of its compile time and unused.
set(LLAMA_BUILD_COMMON OFF)
