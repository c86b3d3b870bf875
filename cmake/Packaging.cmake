# Packaging: what `cmake --install` installs, and the three Debian packages that `cpack -G DEB` makes
# of it: postwatch-agent, postwatch-collector and postwatch (the command line).
include(GNUInstallDirs)

set(POSTWATCH_MAINTAINER "Postwatch maintainers <maintainers@postwatch.example>"
    CACHE STRING "Who is named as the maintainer of the packages")
set(POSTWATCH_DEBIAN_REVISION 1 CACHE STRING "The part of the packages' version after the dash")

set(packaging ${CMAKE_SOURCE_DIR}/packaging)
set(made ${CMAKE_BINARY_DIR}/packaging)  # what the rules below make

# postwatch_compressed(<from> <to>): gzip without the file's name and time, so that builds repeat.
function(postwatch_compressed from to)
  get_filename_component(folder ${to} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${to} COMMAND gzip -9nc ${from} > ${to} DEPENDS ${from} VERBATIM)
endfunction()

# Manual pages and completions say what --help says: they are made from it.
function(postwatch_documented)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  set(pages postwatch.1 postwatch-agent.8 postwatch-collector.8)
  set(completions postwatch postwatch-agent postwatch-collector)
  set(outputs "")
  set(templates "")
  foreach(page ${pages})
    list(APPEND outputs ${made}/man/${page})
    list(APPEND templates ${packaging}/man/${page}.in)
    list(APPEND compressed ${made}/man/${page}.gz)
    postwatch_compressed(${made}/man/${page} ${made}/man/${page}.gz)
  endforeach()
  foreach(program ${completions})
    list(APPEND outputs ${made}/completions/${program})
  endforeach()
  add_custom_command(
    OUTPUT ${outputs}
    COMMAND Python3::Interpreter -B ${packaging}/describe.py --bin ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}
            --templates ${packaging}/man --man ${made}/man --completions ${made}/completions
            --version ${PROJECT_VERSION}
    DEPENDS postwatch postwatch-agent postwatch-collector ${packaging}/describe.py ${templates}
    VERBATIM)
  postwatch_compressed(${packaging}/man/postwatch-collector-setup.8
                       ${made}/man/postwatch-collector-setup.8.gz)
  postwatch_compressed(${packaging}/debian/changelog ${made}/changelog.Debian.gz)
  add_custom_target(postwatch_documented ALL
                    DEPENDS ${outputs} ${compressed} ${made}/changelog.Debian.gz
                            ${made}/man/postwatch-collector-setup.8.gz)
endfunction()

# postwatch_component(<component> <package> <section of its page>): what every package has.
function(postwatch_component component package section)
  install(TARGETS ${package} RUNTIME DESTINATION bin COMPONENT ${component})
  install(FILES ${made}/man/${package}.${section}.gz DESTINATION share/man/man${section}
          COMPONENT ${component})
  install(FILES ${made}/completions/${package} DESTINATION share/bash-completion/completions
          COMPONENT ${component})
  install(FILES ${packaging}/debian/copyright ${made}/changelog.Debian.gz
          DESTINATION share/doc/${package} COMPONENT ${component})
  set(PACKAGE ${package})
  configure_file(${packaging}/debian/lintian-overrides.in ${made}/lintian/${package} @ONLY)
  install(FILES ${made}/lintian/${package} DESTINATION share/lintian/overrides
          COMPONENT ${component})
endfunction()

# postwatch_service(<component> <purged>): unit, defaults, example and maintainer scripts of a program
# that systemd runs. <purged>: what it has in /etc/postwatch.
function(postwatch_service component purged)
  set(COMPONENT ${component})
  set(PACKAGE postwatch-${component})
  set(PURGED ${purged})
  install(FILES ${packaging}/systemd/${PACKAGE}.service DESTINATION /lib/systemd/system
          COMPONENT ${component})
  install(FILES ${packaging}/debian/${PACKAGE}.default DESTINATION /etc/default RENAME ${PACKAGE}
          COMPONENT ${component})
  install(FILES ${CMAKE_SOURCE_DIR}/docs/examples/${component}.yaml
          DESTINATION share/doc/${PACKAGE}/examples COMPONENT ${component})
  set(control "")
  foreach(script postinst prerm postrm)
    configure_file(${packaging}/debian/${script}.in ${made}/${component}/${script} @ONLY
                   FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
                   WORLD_READ WORLD_EXECUTE)
    list(APPEND control ${made}/${component}/${script})
  endforeach()
  file(CONFIGURE OUTPUT ${made}/${component}/conffiles CONTENT "/etc/default/@PACKAGE@\n" @ONLY)
  list(APPEND control ${made}/${component}/conffiles)
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA ${control} PARENT_SCOPE)
endfunction()

if(NOT POSTWATCH_SANITIZE)
  postwatch_documented()
endif()
postwatch_component(agent postwatch-agent 8)
postwatch_component(collector postwatch-collector 8)
postwatch_component(cli postwatch 1)
postwatch_service(agent "agent.yaml agent")
postwatch_service(collector "collector.yaml collector ca")
install(PROGRAMS ${packaging}/debian/postwatch-collector-setup DESTINATION sbin COMPONENT collector)
install(FILES ${made}/man/postwatch-collector-setup.8.gz DESTINATION share/man/man8
        COMPONENT collector)
install(FILES ${packaging}/cloud-init/agent.yaml DESTINATION share/doc/postwatch-agent/examples
        RENAME cloud-init.yaml COMPONENT agent)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME postwatch)
set(CPACK_PACKAGE_VENDOR Postwatch)
set(CPACK_PACKAGE_CONTACT "${POSTWATCH_MAINTAINER}")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_COMPONENTS_ALL agent collector cli)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${POSTWATCH_DEBIAN_REVISION})
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

set(CPACK_DEBIAN_AGENT_PACKAGE_NAME postwatch-agent)
set(CPACK_DEBIAN_AGENT_PACKAGE_DEPENDS "adduser, ca-certificates")
set(CPACK_DEBIAN_AGENT_DESCRIPTION "monitor of e-mail services: the agent
Looks at the mail services of a domain from where it stands: their DNS,
their servers, their log-ins, and letters to and fro. What it sees goes to
a collector, which compares what agents in several places see and tells
whose fault an outage is.")

set(CPACK_DEBIAN_COLLECTOR_PACKAGE_NAME postwatch-collector)
set(CPACK_DEBIAN_COLLECTOR_PACKAGE_DEPENDS
    "adduser, ca-certificates, postwatch (>= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_COLLECTOR_DESCRIPTION "monitor of e-mail services: the collector
Takes in what agents in several places see of mail services, tells whether
it is us, the path or the provider that is at fault, and sends one alert a
fault. Shows all of it on a page and over HTTP.")

set(CPACK_DEBIAN_CLI_PACKAGE_NAME postwatch)
set(CPACK_DEBIAN_CLI_PACKAGE_DEPENDS "ca-certificates")
set(CPACK_DEBIAN_CLI_PACKAGE_SUGGESTS "postwatch-collector, postwatch-agent, bash-completion")
set(CPACK_DEBIAN_CLI_DESCRIPTION "monitor of e-mail services: the command line
Checks a domain's mail once from here, asks a collector what is wrong and
why, explains what mail servers say, and makes the certificates by which
agents and collector know each other.")
include(CPack)
