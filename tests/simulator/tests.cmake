# The simulator itself: pure parts by GoogleTest, every byte it sends by scripts (stdlib only).
tallygate_test(simulator model_simulator_parts)
file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*_test.py)
foreach(script ${scripts})
  get_filename_component(name ${script} NAME_WE)
  string(REPLACE "_test" "" name ${name})
  add_test(NAME simulator.${name} COMMAND /usr/bin/python3 ${script})
  set_tests_properties(
    simulator.${name} PROPERTIES TIMEOUT 120 ENVIRONMENT
                                 "SIMULATOR=$<TARGET_FILE:model_simulator>;PYTHONPATH=${PROJECT_SOURCE_DIR}/tests/support")
endforeach()
