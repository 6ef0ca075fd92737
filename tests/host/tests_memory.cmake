# Memory and tables of the nucleus: frames, heap, symbols, device tree, archive, strings and formats.

set(memory_support platform.c renamed_string.c nucleus/format.c)

# test_frame includes nucleus/frame.c (frame_support.h). What the cell inspect says of frames and kinds is
# tested with them.
mitos_host_test(frame SOURCES test_frame.c cells/inspect/frames.c ${memory_support})

set(heap_sources heap_support.c nucleus/heap.c nucleus/frame.c cells/inspect/frames.c
                 cells/inspect/kinds.c ${memory_support})
mitos_host_test(heap SOURCES test_heap.c ${heap_sources} DEFINITIONS MITOS_DEBUG=0)
mitos_host_test(heap_debug SOURCES test_heap.c ${heap_sources} DEFINITIONS MITOS_DEBUG=1)
mitos_host_test(heap_model SOURCES test_heap_model.c ${heap_sources} DEFINITIONS MITOS_DEBUG=0)

# The check and what the nucleus asks are nucleus/dt.c, the other readers the cell devicetree.
# The trees that QEMU makes, by harts and MiB, and one of our own. -append and -initrd want a kernel, which
# is not run.
find_program(MITOS_QEMU qemu-system-riscv64 REQUIRED)
find_program(MITOS_DTC dtc REQUIRED)
find_library(MITOS_LIBFDT fdt REQUIRED)
set(dt_arguments "")
set(dt_files "")
file(WRITE ${CMAKE_BINARY_DIR}/dt/kernel "no kernel\n")
string(REPEAT "5" 5000 initrd)
file(WRITE ${CMAKE_BINARY_DIR}/dt/initrd ${initrd})
foreach(machine 1-64 2-128 4-1024 8-2048)
    string(REPLACE "-" ";" numbers ${machine})
    list(GET numbers 0 harts)
    list(GET numbers 1 mib)
    set(tree ${CMAKE_BINARY_DIR}/dt/virt-${machine}.dtb)
    set(boot "")
    if(harts EQUAL 2)
        set(boot -kernel ${CMAKE_BINARY_DIR}/dt/kernel -initrd ${CMAKE_BINARY_DIR}/dt/initrd
                 -append "quiet run=cells and tasks")
    endif()
    add_custom_command(
        OUTPUT ${tree}
        COMMAND ${MITOS_QEMU} -machine virt,dumpdtb=${tree} -smp ${harts} -m ${mib}M -bios none
                -nodefaults -display none -seed 1 ${boot}
        COMMENT "Asking QEMU for the device tree of ${harts} harts, ${mib} MiB"
        VERBATIM)
    list(APPEND dt_files ${tree})
    list(APPEND dt_arguments ${tree} ${harts} ${mib})
endforeach()
set(tree ${CMAKE_BINARY_DIR}/dt/odd.dtb)
add_custom_command(
    OUTPUT ${tree}
    COMMAND ${MITOS_DTC} -q -I dts -O dtb -o ${tree} ${CMAKE_CURRENT_LIST_DIR}/dt/odd.dts
    DEPENDS ${CMAKE_CURRENT_LIST_DIR}/dt/odd.dts
    VERBATIM)
add_custom_target(dt_files ALL DEPENDS ${dt_files} ${tree})
set(dt_sources dt_trees.c nucleus/dt.c cells/devicetree/nodes.c cells/devicetree/machine.c
               ${memory_support})
foreach(test dt dt_damage)
    mitos_host_test(${test} SOURCES test_${test}.c ${dt_sources}
                    LIBRARIES ${MITOS_LIBFDT} ARGUMENTS ${dt_arguments} ${tree} 0 0)
endforeach()

mitos_host_test(symbols SOURCES test_symbols.c nucleus/symbols.c ${memory_support})
mitos_host_test(archive SOURCES test_archive.c nucleus/archive.c ${memory_support})
mitos_host_test(format SOURCES test_format.c ${memory_support})
mitos_host_test(string SOURCES test_string.c renamed_runtime.c ${memory_support})
