# Tests of the comparison of types (abi/types_compare.h).

mitos_host_test(types_compare SOURCES test_types_compare.c)
if(MITOS_GUEST_DIR)
    add_test(NAME fuzz.types COMMAND ${MITOS_ROOT}/tests/fuzz/run_types.sh 1000000 ${CMAKE_BINARY_DIR}/fuzz_types
                                     ${MITOS_GUEST_DIR}/interfaces.types ${MITOS_GUEST_DIR}/test_interfaces.types
                                     ${MITOS_GUEST_DIR}/cells/hello.cell)
    set_tests_properties(fuzz.types PROPERTIES LABELS fuzz TIMEOUT 7200)
endif()
