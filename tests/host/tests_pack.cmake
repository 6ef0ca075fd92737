# Tests of the tool pack: real objects from the cross compiler, held against its own binutils.

find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(MITOS_CROSS riscv64-unknown-elf-)
if(NOT "$ENV{MITOS_CROSS}" STREQUAL "")
    set(MITOS_CROSS $ENV{MITOS_CROSS})
endif()
set(MITOS_CROSS ${MITOS_CROSS} CACHE STRING "Prefix of the cross compiler's commands")

# Gives pack damaged objects, in processes of its own.
set(pack_parts ${pack_sources})
list(FILTER pack_parts EXCLUDE REGEX "/main\\.c$")
add_executable(pack_mangle pack_mangle.c ${pack_parts})
target_include_directories(pack_mangle PRIVATE ${MITOS_ROOT}/abi/pack)
target_link_libraries(pack_mangle PRIVATE mitos_host_flags ${MITOS_LIBELF} ${MITOS_LIBBPF})

set(pack_environment
    PACK=$<TARGET_FILE:pack_sanitized>
    PACK_MANGLE=$<TARGET_FILE:pack_mangle>
    MITOS_CROSS=${MITOS_CROSS}
    MITOS_GUEST_DIR=${MITOS_GUEST_DIR}
    PYTHONDONTWRITEBYTECODE=1)
foreach(area IN ITEMS refusals cell only archive damage stand_in signatures explain)
    add_test(NAME host.pack_${area}
             COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/test_pack_${area}.py)
    set_tests_properties(host.pack_${area} PROPERTIES LABELS host TIMEOUT 120
                                                      ENVIRONMENT "${pack_environment}")
endforeach()
