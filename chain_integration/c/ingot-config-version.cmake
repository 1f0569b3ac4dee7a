# One interface, which grows: a program of version 1 works with every 1.
set(PACKAGE_VERSION 1)
if(PACKAGE_FIND_VERSION VERSION_EQUAL 1 OR NOT PACKAGE_FIND_VERSION)
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
  set(PACKAGE_VERSION_EXACT TRUE)
endif()
