# The corpus of every fuzz target, replayed by an ordinary binary: one ctest per target.
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*_fuzz.cpp)
foreach(source ${fuzz_sources})
  get_filename_component(name ${source} NAME_WE)
  string(REPLACE "_fuzz" "" subject ${name})
  if(TARGET tallygate_gateway)
    add_executable(${name}_replay ${source} ${CMAKE_CURRENT_LIST_DIR}/replay.cpp)
    target_link_libraries(${name}_replay PRIVATE tallygate_gateway)
    add_test(NAME fuzz_corpus.${subject} COMMAND ${name}_replay
                                                 ${CMAKE_CURRENT_LIST_DIR}/corpus/${subject})
  endif()
endforeach()
