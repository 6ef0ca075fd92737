# mitos_cell(NAME [SOURCES FILE...] [NOT_IN_ARCHIVE] [INTERFACES FOLDER]) builds build/PRESET/cells/NAME.cell
# from the C files of the calling folder: compile, join with `ld -r`, check and complete with pack. The cell
# goes into the boot archive unless NOT_IN_ARCHIVE is given. INTERFACES is for tests: the cell may use the
# headers of FOLDER, too, which mitos_add_test_interfaces() has made known.

function(mitos_cell name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "NOT_IN_ARCHIVE" "INTERFACES" "SOURCES")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "mitos_cell(${name}): unknown argument ${arg_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT name MATCHES "^[a-z][a-z0-9_]*$")
        message(FATAL_ERROR "mitos_cell(${name}): a cell's name is a lower-case C identifier")
    endif()
    if(NOT arg_SOURCES)
        file(GLOB arg_SOURCES CONFIGURE_DEPENDS *.c)
    endif()
    if(NOT arg_SOURCES)
        message(WARNING "mitos_cell(${name}): ${CMAKE_CURRENT_SOURCE_DIR} has no C file, so there is no cell")
        return()
    endif()

    add_library(cell_${name} OBJECT ${arg_SOURCES})
    mitos_guest_options(cell_${name})
    # No tail calls: the nucleus tells by the return address which cell asks (kind_create()), and a
    # backtrace shows every function that is on the way.
    target_compile_options(cell_${name} PRIVATE -mno-relax -fvisibility=hidden -fno-optimize-sibling-calls)
    target_compile_definitions(cell_${name} PRIVATE MITOS_CELL=1)
    get_property(interfaces GLOBAL PROPERTY MITOS_INTERFACES)
    if(arg_INTERFACES)
        target_include_directories(cell_${name} PRIVATE ${arg_INTERFACES})
        get_property(further GLOBAL PROPERTY MITOS_INTERFACES_${arg_INTERFACES})
        list(APPEND interfaces ${further})
    endif()
    mitos_check_sources(cell_${name} checks ALLOWED ${CMAKE_CURRENT_SOURCE_DIR} abi ${arg_INTERFACES})
    list(TRANSFORM interfaces PREPEND "--declared;" OUTPUT_VARIABLE declared)

    get_property(pack GLOBAL PROPERTY MITOS_PACK)
    set(object ${CMAKE_BINARY_DIR}/cells/${name}.o)
    set(cell ${CMAKE_BINARY_DIR}/cells/${name}.cell)
    add_custom_command(
        OUTPUT ${object}
        COMMAND ${CMAKE_LINKER} -r -o ${object} $<TARGET_OBJECTS:cell_${name}>
        DEPENDS $<TARGET_OBJECTS:cell_${name}> ${checks}
        COMMENT "Joining the objects of cell ${name}"
        COMMAND_EXPAND_LISTS VERBATIM)
    add_custom_command(
        OUTPUT ${cell}
        COMMAND ${pack} cell -o ${cell} ${declared} ${object}
        DEPENDS ${object} ${interfaces} ${pack}
        COMMENT "Packing cell ${name}"
        VERBATIM)
    add_custom_target(${name}.cell ALL DEPENDS ${cell})
    if(NOT arg_NOT_IN_ARCHIVE)
        set_property(GLOBAL APPEND PROPERTY MITOS_ARCHIVE_CELLS ${cell})
    endif()
endfunction()

# mitos_add_archive(): build/PRESET/mitos.cpio, all cells, what is loaded at boot, and which cell serves
# an interface that several provide.
set(MITOS_BOOT vm sched_rr task clock plic uart inspect commands shell
    CACHE STRING "The cells that are loaded at boot, as one transaction")
set(MITOS_DEFAULT sched=sched_rr CACHE STRING "INTERFACE=CELL for each interface that several cells provide")

function(mitos_add_archive)
    get_property(cells GLOBAL PROPERTY MITOS_ARCHIVE_CELLS)
    get_property(pack GLOBAL PROPERTY MITOS_PACK)
    set(archive ${CMAKE_BINARY_DIR}/mitos.cpio)
    set(defaults ${MITOS_DEFAULT})
    list(TRANSFORM defaults PREPEND "--default;")
    list(JOIN MITOS_BOOT " " boot)
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/cells)
    add_custom_command(
        OUTPUT ${archive}
        COMMAND ${pack} archive -o ${archive} --boot ${boot} ${defaults} ${cells}
        DEPENDS ${cells} ${pack}
        COMMENT "Packing the boot archive"
        VERBATIM)
    add_custom_target(archive ALL DEPENDS ${archive})
endfunction()
