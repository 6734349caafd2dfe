# The fault tables through the real binary; see README.md.
if(NOT TARGET tallygate OR NOT TARGET model_simulator)
  return()
endif()
# Preloaded into the gate by operation_test.py and catalog_test.py: without sanitizers, which want to come first.
add_library(disaster MODULE ${CMAKE_CURRENT_LIST_DIR}/disaster.cpp)
target_link_libraries(disaster PRIVATE ${CMAKE_DL_LIBS})
set_target_properties(disaster PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})

add_dependencies(threaded_tests disaster)

file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*_test.py)
foreach(script ${scripts})
  get_filename_component(name ${script} NAME_WE)
  string(REPLACE "_test" "" name ${name})
  math(EXPR seconds "180 * ${patience}")
  if(name STREQUAL "soak")
    set(seconds 2400) # 15 seconds long, or half an hour under TALLYGATE_SOAK=1
  endif()
  add_test(NAME fault.${name} COMMAND ${PROJECT_SOURCE_DIR}/.venv/bin/python ${script})
  set_tests_properties(
    fault.${name}
    PROPERTIES TIMEOUT ${seconds} LABELS threads ENVIRONMENT
               "TALLYGATE_BUILD=${PROJECT_BINARY_DIR};PYTHONPATH=${PROJECT_SOURCE_DIR}/tests/support")
endforeach()
