# The binary under real clients. Clients come from script/bootstrap: .venv and node/node_modules.
if(NOT TARGET tallygate OR NOT TARGET model_simulator)
  return()
endif()
file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*_test.py)
add_dependencies(threaded_tests tallygate model_simulator)
math(EXPR seconds "300 * ${patience}")
foreach(script ${scripts})
  get_filename_component(name ${script} NAME_WE)
  string(REPLACE "_test" "" name ${name})
  add_test(NAME e2e.${name} COMMAND ${PROJECT_SOURCE_DIR}/.venv/bin/python ${script} -v)
  set_tests_properties(
    e2e.${name}
    PROPERTIES TIMEOUT ${seconds} LABELS threads ENVIRONMENT
               "TALLYGATE_BUILD=${PROJECT_BINARY_DIR};PYTHONPATH=${PROJECT_SOURCE_DIR}/tests/support")
endforeach()
# 20 rounds take about a minute; each wait inside is bounded, and a soak has 1,000 rounds.
set_tests_properties(e2e.crash PROPERTIES TIMEOUT 10800)
