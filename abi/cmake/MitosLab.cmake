# Labs: what a student writes, built by labs/grader/parts.py, here and by the grader alike; and what checks it.

# mitos_json(VARIABLE KEY WORD) and mitos_json_list(VARIABLE KEY WORD...) add a member to the object in VARIABLE.
function(mitos_json variable key word)
    string(REPLACE "\\" "\\\\" word "${word}")
    string(REPLACE "\"" "\\\"" word "${word}")
    string(JSON json SET "${${variable}}" ${key} "\"${word}\"")
    set(${variable} "${json}" PARENT_SCOPE)
endfunction()

function(mitos_json_list variable key)
    set(json "${${variable}}")
    string(JSON json SET "${json}" ${key} "[]")
    set(number 0)
    foreach(word IN LISTS ARGN)
        string(JSON json SET "${json}" ${key} ${number} "\"${word}\"")
        math(EXPR number "${number} + 1")
    endforeach()
    set(${variable} "${json}" PARENT_SCOPE)
endfunction()

# mitos_lab_config(): build/PRESET/labs/config.json, all that parts.py must know to build a cell as mitos_cell() does.
function(mitos_lab_config)
    string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
    separate_arguments(options UNIX_COMMAND "${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${type}}")
    get_property(pack GLOBAL PROPERTY MITOS_PACK)
    get_property(interfaces GLOBAL PROPERTY MITOS_INTERFACES)
    cmake_path(GET CMAKE_BINARY_DIR FILENAME preset)
    set(debug 0)
    if(type STREQUAL "DEBUG")
        set(debug 1)
    endif()
    set(json "{}")
    mitos_json(json root ${CMAKE_SOURCE_DIR})
    mitos_json(json preset ${preset})
    mitos_json(json folder ${CMAKE_BINARY_DIR}/labs)
    mitos_json(json gcc ${CMAKE_C_COMPILER})
    mitos_json_list(json gcc_flags ${options} ${MITOS_GCC_FLAGS} ${MITOS_GCC_CODE_FLAGS} ${MITOS_CELL_FLAGS})
    mitos_json_list(json defines -DMITOS_CELL=1 -DMITOS_DEBUG=${debug} -DMITOS_LAB=1)
    mitos_json(json ld ${CMAKE_LINKER})
    mitos_json(json clang ${MITOS_CLANG})
    mitos_json(json check_source ${CMAKE_SOURCE_DIR}/abi/cmake/check_source.sh)
    mitos_json(json flags_folder ${CMAKE_BINARY_DIR}/checks)
    mitos_json_list(json compiler_includes ${MITOS_COMPILER_INCLUDES_REAL})
    mitos_json_list(json find_gaps ${MITOS_FIND_GAPS})
    mitos_json(json pack ${pack})
    mitos_json_list(json declared ${interfaces})
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/labs/config.json CONTENT "${json}\n" @ONLY)
endfunction()

# mitos_lab(FOLDER [NOT_IN_ARCHIVE]): the lab in FOLDER. Its interfaces (interfaces/*.h); the parts that lab.json names,
# from start/, as build/PRESET/cells/PART.cell; and the cell lab<number>_checks of checks/*.c, which may include
# "rubric.h", made of lab.json. They go into the boot archive, but for NOT_IN_ARCHIVE.
function(mitos_lab folder)
    cmake_parse_arguments(PARSE_ARGV 1 arg "NOT_IN_ARCHIVE" "" "")
    if(MITOS_UNCHECKED) # for measuring; parts.py always checks
        return()
    endif()
    set(manifest ${folder}/lab.json)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${manifest})
    file(READ ${manifest} lab)
    string(JSON number GET "${lab}" number)
    cmake_path(GET folder FILENAME name)

    set(lists "")
    set(types "")
    set(interfaces "")
    file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${folder}/interfaces ${folder}/interfaces/*.h)
    if(headers)
        set(lists ${CMAKE_BINARY_DIR}/labs/${name}.txt)
        set(interfaces INTERFACES ${folder}/interfaces)
        mitos_list_functions(${lists} ${folder}/interfaces ${headers})
        set(types ${CMAKE_BINARY_DIR}/labs/${name}.types)
        add_custom_target(lab${number}_interfaces ALL DEPENDS ${lists} ${types})
        set_property(GLOBAL APPEND PROPERTY MITOS_LAB_LISTS ${lists} ${types})
        set_property(GLOBAL PROPERTY MITOS_INTERFACES_${folder}/interfaces ${lists})
    endif()

    string(JSON count LENGTH "${lab}" parts)
    math(EXPR last "${count} - 1")
    foreach(index RANGE ${last})
        string(JSON part GET "${lab}" parts ${index} name)
        mitos_lab_part(${manifest} ${part} "${lists};${types}" ${folder}/start)
        cmake_path(GET part PARENT_PATH variant)
        if(arg_NOT_IN_ARCHIVE)
            continue()
        elseif(variant)
            set_property(GLOBAL APPEND PROPERTY MITOS_ARCHIVE_ALSO ${variant}=${CMAKE_BINARY_DIR}/cells/${part}.cell)
        else()
            set_property(GLOBAL APPEND PROPERTY MITOS_ARCHIVE_PARTS ${CMAKE_BINARY_DIR}/cells/${part}.cell)
        endif()
    endforeach()

    file(GLOB checks CONFIGURE_DEPENDS ${folder}/checks/*.c)
    if(checks)
        set(rubric ${CMAKE_BINARY_DIR}/labs/${name}/rubric.h)
        file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/labs/${name})
        add_custom_command(
            OUTPUT ${rubric}
            COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/labs/grader/rubric.py ${manifest} ${rubric}
            DEPENDS ${manifest} ${CMAKE_SOURCE_DIR}/labs/grader/rubric.py
            COMMENT "Writing the rubric of lab ${number} as a header"
            VERBATIM)
        set(archive "")
        if(arg_NOT_IN_ARCHIVE)
            set(archive NOT_IN_ARCHIVE)
        endif()
        mitos_cell(lab${number}_checks FOLDER ${folder}/checks SOURCES ${checks} HEADERS ${rubric} ${interfaces}
                   ${archive})
    endif()
endfunction()

# One part, by the grader's builder: so what builds here builds there.
function(mitos_lab_part manifest part lists sources)
    get_property(pack GLOBAL PROPERTY MITOS_PACK)
    get_property(interfaces GLOBAL PROPERTY MITOS_INTERFACES)
    set(cell ${CMAKE_BINARY_DIR}/cells/${part}.cell)
    set(config ${CMAKE_BINARY_DIR}/labs/config.json)
    string(REPLACE "/" "_" target ${part})
    cmake_path(GET cell PARENT_PATH folder)
    file(MAKE_DIRECTORY ${folder})
    add_custom_command(
        OUTPUT ${cell}
        COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/labs/grader/parts.py ${config} ${manifest} ${part}
                ${sources} ${cell} --depfile ${cell}.d
        DEPENDS ${config} ${manifest} ${interfaces} ${CMAKE_BINARY_DIR}/interfaces.types ${lists} ${pack}
                ${CMAKE_SOURCE_DIR}/labs/grader/parts.py
        DEPFILE ${cell}.d
        COMMENT "Building ${part}, a part of a lab"
        VERBATIM)
    add_custom_target(part_${target} ALL DEPENDS ${cell})
endfunction()

# mitos_lab_machine(BOOT DEFAULTS ALSO CELLS), lists: build/PRESET/labs/machine.json, what the grader boots beside a
# submission's cells, and the target `grading`, all that it needs of the build: no part of a lab, so a student's mistake in
# one does not stand in the way.
function(mitos_lab_machine boot defaults also cells)
    set(json "{}")
    set(archive "{}")
    mitos_json_list(archive boot ${boot})
    mitos_json_list(archive default ${defaults})
    mitos_json_list(archive also ${also})
    mitos_json_list(archive cells ${cells})
    string(JSON json SET "${json}" archive "${archive}")
    mitos_json(json elf ${CMAKE_BINARY_DIR}/mitos.elf)
    string(REGEX REPLACE "gcc(\\.exe)?$" "" tools ${CMAKE_C_COMPILER})
    mitos_json(json tools ${tools})
    mitos_json(json qemu qemu-system-riscv64)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/labs/machine.json CONTENT "${json}\n" @ONLY)
    get_property(pack GLOBAL PROPERTY MITOS_PACK)
    get_property(interfaces GLOBAL PROPERTY MITOS_INTERFACES)
    get_property(lists GLOBAL PROPERTY MITOS_LAB_LISTS)
    set(files ${also})
    list(TRANSFORM files REPLACE "^[^=]*=" "")
    add_custom_target(grading DEPENDS mitos.elf ${cells} ${files} ${pack} ${interfaces} ${CMAKE_BINARY_DIR}/interfaces.types
                                      ${lists})
endfunction()
