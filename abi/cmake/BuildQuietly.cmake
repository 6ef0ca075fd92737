# cmake -DDIR=build/directory -P BuildQuietly.cmake: builds there; speaks only when that fails.
execute_process(COMMAND ${CMAKE_COMMAND} --build ${DIR} -- --quiet
                RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT status EQUAL 0)
    message("${output}")
    message(FATAL_ERROR "the build in ${DIR} failed")
endif()
