# One test for each snippet of this folder. Included by tests/host, which has pack; the compilers,
# their flags and the list of interfaces are those of the guest's build: without one, no such tests.

find_package(Python3 REQUIRED COMPONENTS Interpreter)
file(GLOB snippets CONFIGURE_DEPENDS ${MITOS_ROOT}/tests/must_not_compile/*.c)
foreach(snippet IN LISTS snippets)
    cmake_path(GET snippet STEM name)
    add_test(NAME must_not_compile.${name}
             COMMAND ${Python3_EXECUTABLE} ${MITOS_ROOT}/tests/must_not_compile/try_snippet.py
                     ${MITOS_GUEST_DIR} $<TARGET_FILE:pack> ${snippet})
    set_tests_properties(must_not_compile.${name} PROPERTIES LABELS must_not_compile TIMEOUT 60)
endforeach()
