# SPDX-License-Identifier: Apache-2.0
# CHIMERA_COMMIT: of which commit the sources are, for `chimera version`. git says it in a checkout, commit.txt beside
# this in an archive that git made; empty: nobody knows. A commit has cmake look again.
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/commit.txt CHIMERA_COMMIT LIMIT_COUNT 1)
if(NOT CHIMERA_COMMIT MATCHES "^[0-9a-f]+$")
    set(CHIMERA_COMMIT "")
    find_program(CHIMERA_GIT git)
    mark_as_advanced(CHIMERA_GIT)
    if(CHIMERA_GIT AND EXISTS ${CMAKE_SOURCE_DIR}/.git)
        execute_process(COMMAND ${CHIMERA_GIT} rev-parse HEAD WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
            OUTPUT_VARIABLE CHIMERA_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
        execute_process(COMMAND ${CHIMERA_GIT} rev-parse --git-path logs/HEAD WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
            OUTPUT_VARIABLE CHIMERA_COMMITS OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
        get_filename_component(CHIMERA_COMMITS "${CHIMERA_COMMITS}" ABSOLUTE BASE_DIR ${CMAKE_SOURCE_DIR})
        if(EXISTS ${CHIMERA_COMMITS})
            set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CHIMERA_COMMITS})
        endif()
    endif()
endif()
