# What Prometheus itself and its Python client say about a rendered page.
add_executable(sample_page ${CMAKE_CURRENT_LIST_DIR}/sample_page.cpp)
target_link_libraries(sample_page PRIVATE tallygate_telemetry)
add_test(NAME telemetry.scrapers_accept_the_page
         COMMAND ${CMAKE_CURRENT_LIST_DIR}/check_page.sh ${PROJECT_SOURCE_DIR} $<TARGET_FILE:sample_page>)
set_tests_properties(telemetry.scrapers_accept_the_page PROPERTIES TIMEOUT 60)
