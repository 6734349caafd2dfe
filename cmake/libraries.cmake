# What comes from Debian, under one name each.
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(yaml-cpp REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(simdjson REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(zlib REQUIRED IMPORTED_TARGET zlib)
find_library(ROCKSDB_LIBRARY rocksdb REQUIRED)

# Asio and Beast are compiled once, in gateway/http/{asio,beast}.cpp.
add_library(tallygate_asio INTERFACE)
target_compile_definitions(
  tallygate_asio INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
                           BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_NO_TS_EXECUTORS)
if(TALLYGATE_SANITIZE MATCHES thread)
  # It does not know fences; Asio's queues and mutexes order all without them.
  target_compile_definitions(tallygate_asio INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
target_link_libraries(tallygate_asio INTERFACE Boost::headers OpenSSL::SSL OpenSSL::Crypto
                                               Threads::Threads)

# tallygate_library(NAME DIRECTORY LEFT...): every .cpp of one folder, linked to its left neighbour.
function(tallygate_library name)
  # Subfolders are part of the library; those that are libraries of their own call this themselves.
  set(folders . ${TALLYGATE_SUBFOLDERS})
  list(TRANSFORM folders REPLACE "(.+)" "${CMAKE_CURRENT_SOURCE_DIR}/\\1/*.cpp" OUTPUT_VARIABLE patterns)
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC tallygate_flags ${ARGN})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE tallygate_flags ${ARGN})
  endif()
endfunction()
