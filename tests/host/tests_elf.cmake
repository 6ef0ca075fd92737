# Reader, linker, manifest and unwind tables: tests over objects that the cross compiler makes here, and
# over all cells of the guest's build.

if(NOT MITOS_CROSS)
    set(MITOS_CROSS riscv64-unknown-elf-)
    if(NOT "$ENV{MITOS_CROSS}" STREQUAL "")
        set(MITOS_CROSS $ENV{MITOS_CROSS})
    endif()
endif()
find_program(MITOS_CROSS_GCC ${MITOS_CROSS}gcc REQUIRED)
find_program(MITOS_CROSS_LD ${MITOS_CROSS}ld REQUIRED)
find_program(MITOS_CROSS_READELF ${MITOS_CROSS}readelf REQUIRED)
find_program(MITOS_CROSS_OBJCOPY ${MITOS_CROSS}objcopy REQUIRED)

set(elf_sources nucleus/elf.c nucleus/link.c nucleus/eh_frame.c nucleus/manifest.c)
set(elf_support elf_support.c ${elf_sources} nucleus/format.c)
set(elf_cells ${CMAKE_SOURCE_DIR}/elf_cells)
set(elf_objects "")

# elf_fixture(NAME COMMAND...): the cell of elf_cells/, compiled by COMMAND (a compiler and its flags), joined
# by `ld -r`, and made acceptable the way pack does it.
function(elf_fixture name)
    set(object ${CMAKE_BINARY_DIR}/elf_cells/${name}.o)
    set(parts "")
    foreach(source shapes cleanups)
        set(part ${CMAKE_BINARY_DIR}/elf_cells/${name}.${source}.o)
        add_custom_command(
            OUTPUT ${part}
            COMMAND
                ${ARGN} -mabi=lp64 -mcmodel=medany -ffreestanding -std=gnu17 -fasynchronous-unwind-tables
                -fno-common -fno-stack-protector -mno-relax -fvisibility=hidden -iquote ${MITOS_ROOT}/abi
                -MMD -MF ${part}.d -c ${elf_cells}/${source}.c -o ${part}
            DEPENDS ${elf_cells}/${source}.c
            DEPFILE ${part}.d
            COMMAND_EXPAND_LISTS VERBATIM)
        list(APPEND parts ${part})
    endforeach()
    set(personality DW.ref.__gcc_personality_v0)
    add_custom_command(
        OUTPUT ${object}
        COMMAND ${MITOS_CROSS_LD} -r -o ${object}.joined ${parts}
        COMMAND
            ${MITOS_CROSS_OBJCOPY} --rename-section
            .sdata.${personality}=.rodata.${personality},alloc,load,readonly,data,contents
            --set-section-flags .gcc_except_table=alloc,load,readonly,data,contents ${object}.joined ${object}
        DEPENDS ${parts}
        COMMENT "Making the test object ${name}"
        VERBATIM)
    set(elf_objects ${elf_objects} ${object} PARENT_SCOPE)
endfunction()

file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/elf_cells)
set(gcc ${MITOS_CROSS_GCC} -march=rv64imac_zicsr_zifencei -fexceptions -fnon-call-exceptions
        -fno-delete-null-pointer-checks)
elf_fixture(o2 ${gcc} -O2 -g)
elf_fixture(og ${gcc} -Og -g)
elf_fixture(os ${gcc} -Os -g)
elf_fixture(o0 ${gcc} -O0 -g)
elf_fixture(o3 ${gcc} -O3)
elf_fixture(wide ${gcc} -O2 -fdata-sections -march=rv64ima_zicsr_zifencei)
# clang uses R_RISCV_CALL, and writes tables of its own for cleanups, which are not for cells.
elf_fixture(clang clang --target=riscv64-unknown-elf -march=rv64imac -O2)
add_custom_target(elf_objects ALL DEPENDS ${elf_objects})

set(guest_cells "")
if(MITOS_GUEST_DIR)
    set(guest_cells ${MITOS_GUEST_DIR}/cells)
endif()

if(MITOS_GUEST_DIR)
    mitos_host_test(link_oracle SOURCES test_link_oracle.c ${elf_support}
                    ARGUMENTS ${MITOS_CROSS_LD} ${elf_objects} ${MITOS_GUEST_DIR})
endif()
set(elf_victim elf_victim.c ${elf_support})
mitos_host_test(elf SOURCES test_elf.c ${elf_victim} ARGUMENTS ${CMAKE_BINARY_DIR}/elf_cells/o3.o)
mitos_host_test(link SOURCES test_link.c ${elf_victim} ARGUMENTS ${CMAKE_BINARY_DIR}/elf_cells/o2.o)
mitos_host_test(manifest SOURCES test_manifest.c ${elf_victim} ARGUMENTS ${CMAKE_BINARY_DIR}/elf_cells/o2.o)
mitos_host_test(elf_eh_frame SOURCES test_elf_eh_frame.c ${elf_support}
                ARGUMENTS ${CMAKE_BINARY_DIR}/elf_cells/o2.o)
set(tables_support tables_support.c nucleus/walk.c ${elf_support})
mitos_host_test(walk SOURCES test_walk.c ${tables_support}
                ARGUMENTS ${MITOS_CROSS_READELF} ${MITOS_GUEST_DIR})
mitos_host_test(unwind SOURCES test_unwind.c nucleus/unwind.c ${tables_support} LIBRARIES gcc_eh
                ARGUMENTS ${MITOS_GUEST_DIR})

# The fuzzer: a short blind run with every build, and a long one with libFuzzer by command
# (ctest -L fuzz): 1,000,000 executions, with the branch coverage printed at the end.
mitos_host_test(fuzz_link_short SOURCES tests/fuzz/drive.c tests/fuzz/fuzz_link.c ${elf_support}
                ARGUMENTS 20000 ${elf_objects})
add_test(NAME fuzz.link COMMAND ${MITOS_ROOT}/tests/fuzz/run.sh 1000000 ${CMAKE_BINARY_DIR}/fuzz ${elf_objects}
                                ${guest_cells})
set_tests_properties(fuzz.link PROPERTIES LABELS fuzz TIMEOUT 7200)
