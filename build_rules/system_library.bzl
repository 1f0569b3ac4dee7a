"""A library of an installed Debian package."""

def system_library(name, libs, **kwargs):
    """A cc_library that holds only link options.

    Args:
      name: the target's name.
      libs: names as given to -l, dependents first. Those that a program does
        not use are not recorded in it.
      **kwargs: further attributes of cc_library.
    """
    native.cc_library(
        name = name,
        linkopts = ["-Wl,--push-state,--as-needed"] +
                   ["-l" + lib for lib in libs] +
                   ["-Wl,--pop-state"],
        **kwargs
    )
