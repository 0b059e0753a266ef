# Included by llama.cpp's build (CMAKE_PROJECT_llama.cpp_INCLUDE).

# The tools' common library is half of the compile time and unused.
set(LLAMA_BUILD_COMMON OFF)

# Two CPU back ends, of which the better that the processor can run is loaded: the usual one (AVX2,
# FMA, F16C, BMI2) and one for every x86-64 processor. GGML_CPU_ALL_VARIANTS would build fourteen, of
# half a minute each on one core, and its AMX variant crashes when GCC 12 has compiled it.
function(duologue_add_baseline_cpu)
    get_directory_property(architecture DIRECTORY ggml/src DEFINITION GGML_SYSTEM_ARCH)
    if (NOT GGML_BACKEND_DL OR GGML_CPU_ALL_VARIANTS OR NOT architecture STREQUAL "x86")
        return()
    endif()
    get_target_property(folder ggml-cpu SOURCE_DIR)
    get_target_property(sources ggml-cpu SOURCES)
    list(TRANSFORM sources PREPEND "${folder}/")
    get_target_property(definitions ggml-cpu COMPILE_DEFINITIONS)
    list(FILTER definitions EXCLUDE REGEX "^(GGML_(SSE42|AVX2?|FMA|F16C|BMI2)|__BMI2__)$")
    get_directory_property(shared DIRECTORY "${folder}" COMPILE_DEFINITIONS)

    add_library(ggml-cpu-x64 MODULE ${sources} "${folder}/ggml-cpu/arch/x86/cpu-feats.cpp")
    target_include_directories(ggml-cpu-x64 PRIVATE "${folder}" "${folder}/ggml-cpu")
    target_compile_definitions(ggml-cpu-x64 PRIVATE ${definitions} ${shared})
    target_compile_features(ggml-cpu-x64 PRIVATE c_std_11 cxx_std_17)
    target_link_libraries(ggml-cpu-x64 PRIVATE ggml-base)
    add_dependencies(ggml ggml-cpu-x64)
    # Only files that are named for a variant compete.
    set_target_properties(ggml-cpu PROPERTIES OUTPUT_NAME ggml-cpu-haswell)
    llama_cpp_python_install_target(ggml-cpu-x64)
endfunction()
cmake_language(DEFER CALL duologue_add_baseline_cpu)
