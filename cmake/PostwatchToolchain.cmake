# PostwatchToolchain: the compiler settings every target of ours is built with.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

set(POSTWATCH_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize= takes them")
option(POSTWATCH_WERROR "Treat warnings in our own code as errors" ON)

# The same everywhere, or the precompiled header could not be shared.
add_compile_options(-pthread)
add_link_options(-pthread)

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers need these two to be cacheable.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime ${CCACHE})
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

if(POSTWATCH_SANITIZE)
  add_compile_options(-fsanitize=${POSTWATCH_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${POSTWATCH_SANITIZE})
endif()

# Applied to our own targets only (PostwatchTargets), never to generated code.
add_library(postwatch_flags INTERFACE)
target_compile_definitions(postwatch_flags INTERFACE BOOST_ASIO_NO_DEPRECATED)
target_compile_options(postwatch_flags INTERFACE -Wall -Wextra -Wno-missing-field-initializers)
if(POSTWATCH_WERROR)
  target_compile_options(postwatch_flags INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 takes the frame of an inlined coroutine for a mismatched new and delete.
  target_compile_options(postwatch_flags INTERFACE -fcoroutines -Wno-mismatched-new-delete)
  # At -O2 it warns of std::string's own growth, within limits that it does not see.
  foreach(warning array-bounds restrict stringop-overflow stringop-overread)
    target_compile_options(postwatch_flags INTERFACE $<$<CONFIG:Release>:-Wno-${warning}>)
  endforeach()
else()
  target_compile_options(postwatch_flags INTERFACE -Wthread-safety)
  add_compile_options(-Xclang -fno-pch-timestamp)
  # Debian's libraries are GCC's work, which mangles a constrained template as Clang 17 did.
  add_compile_options(-fclang-abi-compat=17)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-fpch-preprocess)
endif()
