# One INTERFACE target with every flag; each of our libraries links it.
add_library(tallygate_flags INTERFACE)
target_include_directories(tallygate_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(
  tallygate_flags
  INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wswitch-enum -Wold-style-cast -Wnon-virtual-dtor
            -Werror -fstack-protector-strong)
target_compile_definitions(tallygate_flags INTERFACE _GLIBCXX_ASSERTIONS
                                                     TALLYGATE_VERSION="${PROJECT_VERSION}")
target_link_options(tallygate_flags INTERFACE -Wl,-z,relro,-z,now)

if(TALLYGATE_SANITIZE)
  # GCC 12 reports false -Wmaybe-uninitialized and friends under sanitizers.
  target_compile_options(
    tallygate_flags INTERFACE -fsanitize=${TALLYGATE_SANITIZE} -fno-omit-frame-pointer
                              -fno-sanitize-recover=undefined
                              $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(tallygate_flags INTERFACE -fsanitize=${TALLYGATE_SANITIZE})
endif()
if(TALLYGATE_FUZZ)
  target_compile_options(tallygate_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
