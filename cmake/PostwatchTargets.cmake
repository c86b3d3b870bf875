# PostwatchTargets: the one way to make a layer, a program, a test binary and generated proto code.

# postwatch_layer_target(<folder> <out>): "agent/probes" -> "postwatch_agent_probes"
function(postwatch_layer_target folder out)
  string(REPLACE "/" "_" name ${folder})
  string(REGEX REPLACE "^common_" "" name ${name})
  set(${out} postwatch_${name} PARENT_SCOPE)
endfunction()

# Folders name layers, everything else names an imported target.
function(postwatch_resolve out)
  set(result "")
  foreach(dep ${ARGN})
    if(dep MATCHES "::" OR dep MATCHES "^postwatch_" OR NOT IS_DIRECTORY ${CMAKE_SOURCE_DIR}/${dep})
      list(APPEND result ${dep})
    else()
      postwatch_layer_target(${dep} target)
      list(APPEND result ${target})
    endif()
  endforeach()
  set(${out} ${result} PARENT_SCOPE)
endfunction()

# One precompiled header for all our targets: the vocabulary every file uses.
function(postwatch_precompile target)
  if(NOT TARGET postwatch_pch)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/pch.cc CONTENT "")  # untouched when it is there
    add_library(postwatch_pch OBJECT ${CMAKE_BINARY_DIR}/pch.cc)
    target_include_directories(postwatch_pch PRIVATE ${CMAKE_SOURCE_DIR})
    target_link_libraries(postwatch_pch PRIVATE postwatch_flags Boost::headers absl::status
                          absl::statusor absl::strings absl::time)
    target_precompile_headers(postwatch_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.h)
  endif()
  target_precompile_headers(${target} REUSE_FROM postwatch_pch)
endfunction()

# postwatch_library(<folder> FOLDERS ... DEPS ... PRIVATE ...): all .cc files of the folder, main.cc
# excepted, and of those of its subfolders that FOLDERS names.
function(postwatch_library folder)
  cmake_parse_arguments(arg "" "" "FOLDERS;DEPS;PRIVATE" ${ARGN})
  postwatch_layer_target(${folder} target)
  set(patterns ${CMAKE_SOURCE_DIR}/${folder}/*.cc)
  foreach(subfolder ${arg_FOLDERS})
    list(APPEND patterns ${CMAKE_SOURCE_DIR}/${folder}/${subfolder}/*.cc)
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  postwatch_resolve(deps ${arg_DEPS})
  postwatch_resolve(private ${arg_PRIVATE})
  if(sources)
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(${target} PUBLIC ${deps} PRIVATE postwatch_flags ${private})
    postwatch_precompile(${target})
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${target} INTERFACE ${deps} ${private})
  endif()
endfunction()

# postwatch_program(<name> <folder>): <folder>/main.cc, linked with that folder's library.
function(postwatch_program name folder)
  if(NOT EXISTS ${CMAKE_SOURCE_DIR}/${folder}/main.cc)
    return()
  endif()
  postwatch_layer_target(${folder} library)
  add_executable(${name} ${folder}/main.cc)
  target_compile_definitions(${name} PRIVATE POSTWATCH_VERSION="${PROJECT_VERSION}")
  target_link_libraries(${name} PRIVATE ${library} postwatch_flags)
  postwatch_precompile(${name})
endfunction()

# postwatch_proto(<target> <file>...): generated messages and gRPC stubs, under gen/ in the build tree.
function(postwatch_proto target)
  set(gen ${CMAKE_BINARY_DIR}/gen)
  file(MAKE_DIRECTORY ${gen})
  find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
  set(generated "")
  foreach(file ${ARGN})
    string(REGEX REPLACE "^proto/(.*)\\.proto$" "\\1" stem ${file})
    set(outputs ${gen}/${stem}.pb.cc ${gen}/${stem}.pb.h)
    set(grpc_args "")
    file(STRINGS ${CMAKE_SOURCE_DIR}/${file} services REGEX "^service ")
    if(services)
      list(APPEND outputs ${gen}/${stem}.grpc.pb.cc ${gen}/${stem}.grpc.pb.h)
      set(grpc_args --grpc_out=${gen} --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN})
    endif()
    add_custom_command(
      OUTPUT ${outputs}
      COMMAND protobuf::protoc --proto_path=${CMAKE_SOURCE_DIR}/proto --cpp_out=${gen} ${grpc_args}
              ${CMAKE_SOURCE_DIR}/${file}
      DEPENDS ${CMAKE_SOURCE_DIR}/${file})
    list(APPEND generated ${outputs})
  endforeach()
  add_custom_target(${target}_sources DEPENDS ${generated})  # for tools that only need the headers
  add_library(${target} STATIC ${generated})
  target_include_directories(${target} SYSTEM PUBLIC ${gen})
  target_link_libraries(${target} PUBLIC gRPC::grpc++ protobuf::libprotobuf)
endfunction()

# What ThreadSanitizer needs to see only what is ours, since the libraries are not built with it.
function(postwatch_tsan_test name)
  target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/tsan/absl_order.cc)
  find_program(LLVM_SYMBOLIZER NAMES llvm-symbolizer REQUIRED)  # suppressions are by name
  set(options suppressions=${CMAKE_SOURCE_DIR}/tests/tsan/suppressions.txt
              external_symbolizer_path=${LLVM_SYMBOLIZER}
              ignore_noninstrumented_modules=1
              die_after_fork=0)  # a test forks a process that does no more than hold a lock
  list(JOIN options " " options)
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "TSAN_OPTIONS=${options}")
endfunction()

# postwatch_test(<name> SOURCES ... DEPS ...): one GoogleTest binary, run as one ctest test.
function(postwatch_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  if(NOT arg_SOURCES)
    return()
  endif()
  postwatch_resolve(deps ${arg_DEPS})
  add_executable(${name} ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${deps} postwatch_flags GTest::gmock_main)
  target_compile_definitions(${name} PRIVATE POSTWATCH_TESTDATA="${CMAKE_SOURCE_DIR}/tests/testdata")
  postwatch_precompile(${name})
  add_test(NAME ${name} COMMAND ${name})
  if(POSTWATCH_SANITIZE MATCHES "thread")
    postwatch_tsan_test(${name})
  endif()
endfunction()

# postwatch_assets(<folder of a layer> <sub-folder>): embeds the files there into that layer's library.
function(postwatch_assets layer folder)
  postwatch_layer_target(${layer} target)
  set(output ${CMAKE_BINARY_DIR}/gen/${layer}/assets.cc)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${layer}/${folder}/*)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${CMAKE_SOURCE_DIR}/${layer}/${folder} -DOUTPUT=${output} -P
            ${CMAKE_SOURCE_DIR}/cmake/EmbedAssets.cmake
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/EmbedAssets.cmake)
  target_sources(${target} PRIVATE ${output})
endfunction()
