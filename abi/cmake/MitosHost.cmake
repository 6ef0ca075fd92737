# The host's part: tools (pack) and tests, compiled with the host's compiler, as a project of its own in
# build/PRESET/host. MITOS_PACK=FILE uses a pack that is there already, and leaves the host's part out.

set(MITOS_PACK "" CACHE FILEPATH "A pack to use instead of building one, without the host's tests")

function(mitos_add_host_project)
    if(MITOS_PACK)
        set_property(GLOBAL PROPERTY MITOS_PACK ${MITOS_PACK})
        return()
    endif()

    include(ExternalProject)
    set(binary_dir ${CMAKE_BINARY_DIR}/host)
    ExternalProject_Add(
        host
        PREFIX ${CMAKE_BINARY_DIR}/host-steps
        SOURCE_DIR ${CMAKE_SOURCE_DIR}/tests/host
        BINARY_DIR ${binary_dir}
        CMAKE_ARGS -DCMAKE_BUILD_TYPE=${CMAKE_BUILD_TYPE} -DMITOS_GUEST_DIR=${CMAKE_BINARY_DIR}
                   -DCMAKE_C_COMPILER_LAUNCHER=${MITOS_CCACHE}
                   -DCMAKE_EXPORT_COMPILE_COMMANDS=ON -DMITOS_CROSS=${MITOS_CROSS}
        BUILD_COMMAND ${CMAKE_COMMAND} -DDIR=${binary_dir} -P ${CMAKE_SOURCE_DIR}/abi/cmake/BuildQuietly.cmake
        BUILD_ALWAYS ON
        BUILD_BYPRODUCTS ${binary_dir}/pack
        INSTALL_COMMAND ""
        LOG_CONFIGURE ON
        LOG_OUTPUT_ON_FAILURE ON)
    set_property(GLOBAL PROPERTY MITOS_PACK ${binary_dir}/pack)

    # One ctest runs the host's tests, too. They are registered when that project is configured.
    set(tests ${CMAKE_BINARY_DIR}/host-tests.cmake)
    file(CONFIGURE OUTPUT ${tests} CONTENT "subdirs(host)\n" @ONLY)
    set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY TEST_INCLUDE_FILES ${tests})
endfunction()
