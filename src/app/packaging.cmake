# What `cmake --install` and `cpack` put where. Included at the end of the top CMakeLists.txt.

# sweepctl looks for its runner beside itself, then in ../libexec/sweepctl: the first is the build
# tree, the second an installation.
foreach(program sweepctl sweepctl-runner)
  if(TARGET ${program})
    set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  endif()
endforeach()
if(TARGET sweepctl)
  install(TARGETS sweepctl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
if(TARGET sweepctl-runner)
  install(TARGETS sweepctl-runner RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/sweepctl)
endif()

install(FILES LICENSE src/app/packaging/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
# quickstart.sh sets up a source tree, which an installation is not.
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR}
  USE_SOURCE_PERMISSIONS
  PATTERN quickstart.sh EXCLUDE PATTERN __pycache__ EXCLUDE PATTERN checkpoint-by-hand EXCLUDE)

# The unit names the directories of the installation, and the completions are sweepctl's own words:
# both are made when the prefix is known. A package is unpacked below /usr, wherever it was put together.
set(SWEEPCTL_PACKAGE_PREFIX /usr)
install(CODE "
  set(prefix \"\${CMAKE_INSTALL_PREFIX}\")
  if(prefix MATCHES \"/_CPack_Packages/\")
    set(prefix \"${SWEEPCTL_PACKAGE_PREFIX}\")
  endif()
  set(BIN_DIRECTORY \"\${prefix}/${CMAKE_INSTALL_BINDIR}\")
  set(DOC_DIRECTORY \"\${prefix}/${CMAKE_INSTALL_DOCDIR}\")
  configure_file(\"${CMAKE_CURRENT_LIST_DIR}/packaging/sweepctl.service.in\"
                 \"${PROJECT_BINARY_DIR}/packaging/sweepctl.service\" @ONLY)
  file(INSTALL \"${PROJECT_BINARY_DIR}/packaging/sweepctl.service\"
       DESTINATION \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/user\")
")
if(TARGET sweepctl)
  install(CODE "
    set(made \"${PROJECT_BINARY_DIR}/packaging\")
    # zsh reads Debian's packages from another directory than what the administrator installs.
    set(zsh_directory site-functions)
    if(prefix STREQUAL /usr)
      set(zsh_directory vendor-completions)
    endif()
    foreach(completion \"bash|bash-completion/completions|sweepctl\" \"zsh|zsh/\${zsh_directory}|_sweepctl\"
                       \"fish|fish/vendor_completions.d|sweepctl.fish\")
      string(REPLACE \"|\" \";\" completion \"\${completion}\")
      list(GET completion 0 shell)
      list(GET completion 1 directory)
      list(GET completion 2 name)
      file(MAKE_DIRECTORY \"\${made}/\${shell}\")
      execute_process(COMMAND \"$<TARGET_FILE:sweepctl>\" completion \${shell}
                      OUTPUT_FILE \"\${made}/\${shell}/\${name}\" COMMAND_ERROR_IS_FATAL ANY)
      file(INSTALL \"\${made}/\${shell}/\${name}\"
           DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/\${directory}\")
    endforeach()
  ")
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME sweepctl)
set(CPACK_PACKAGE_VENDOR "the sweepctl project")
set(CPACK_PACKAGE_CONTACT "the sweepctl project <maintainers@sweepctl.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION
"Launches hyperparameter sweeps from W&B sweep files and runs them on this machine,
without an account, a cloud service or Python. Runs outlive the controller: whatever
is killed, no run is lost, none runs twice, and every run's state is the truth.")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX ${SWEEPCTL_PACKAGE_PREFIX})
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
# The libraries that sweepctl was linked with, as this machine's packages name them.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "python3, python3-numpy")
include(CPack)
