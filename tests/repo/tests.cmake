# The tree's own rules, as tests: where includes point, formatting, sizes. script/lint runs the same
# and clang-tidy, which takes minutes.
set(python /usr/bin/python3)
set(support ${PROJECT_SOURCE_DIR}/tests/support)
add_test(NAME layers COMMAND ${python} ${support}/check_layers.py ${PROJECT_SOURCE_DIR})
add_test(NAME layers.self_test COMMAND ${python} ${support}/check_layers.py --self-test)
add_test(NAME lint COMMAND ${python} ${support}/check_sizes.py ${PROJECT_SOURCE_DIR})
add_test(NAME lint.self_test COMMAND ${python} ${support}/check_sizes.py --self-test)
add_test(NAME format COMMAND ${PROJECT_SOURCE_DIR}/script/format --check)
