"""fuzz_target: a libFuzzer program, sanitized and fast, with its tests.

In: sources that define fuzz::OneInput (fuzz/targets/target.h), seeds, options.
Out, all made by clang with coverage instrumentation whatever the configuration
of the build is:

  NAME            under ASan and UBSan, NAME.options beside it
  NAME_fast       without them: several times as many executions a second
  NAME_test       seeds and a fixed number of executions, the same each time
  NAME_long_test  twenty minutes (manual)

Holds: everything below the target but installed libraries is instrumented.
"""

_INSTRUMENTED = ["-ffp-contract=off", "-fsanitize=fuzzer-no-link"]

# vptr and function: see --config=asan in .bazelrc.
_SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize=vptr,function"]

def _transition_impl(_settings, attr):
    if attr.sanitized:
        copts = _INSTRUMENTED + _SANITIZERS + [
            "-fno-sanitize-recover=undefined",
            "-fno-omit-frame-pointer",
            "-O1",
            "-g1",
        ]
        linkopts = _SANITIZERS
    else:
        # Comparisons are not traced: the sanitized program, which shares the
        # corpus, does that.
        copts = _INSTRUMENTED + [
            "-fno-sanitize-coverage=trace-cmp",
            "-g1",
        ]
        linkopts = []
    return {
        "//command_line_option:copt": copts,
        "//command_line_option:linkopt": linkopts,
    }

_instrumented = transition(
    implementation = _transition_impl,
    inputs = [],
    outputs = ["//command_line_option:copt", "//command_line_option:linkopt"],
)

def _instrumented_binary_impl(ctx):
    program = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(
        output = program,
        target_file = ctx.executable.binary,
        is_executable = True,
    )
    options = ctx.actions.declare_file(ctx.label.name + ".options")
    ctx.actions.write(options, "[libfuzzer]\n" + "".join([
        "%s = %s\n" % (key, value)
        for key, value in sorted(ctx.attr.options.items())
    ]))
    return [DefaultInfo(
        executable = program,
        files = depset([program, options]),
        runfiles = ctx.runfiles([program, options, ctx.executable.binary]),
    )]

_instrumented_binary = rule(
    implementation = _instrumented_binary_impl,
    attrs = {
        "binary": attr.label(cfg = _instrumented, executable = True),
        "options": attr.string_dict(),
        "sanitized": attr.bool(),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    executable = True,
)

def fuzz_target(
        name,
        srcs,
        deps,
        max_len,
        runs,
        mutate_depth = 5,
        dictionary = None,
        local_defines = []):
    """Makes the programs and tests of one fuzz target.

    Args:
      name: the target's name; its seeds are seeds/NAME.zip.
      srcs: sources that define OneInput.
      deps: libraries; a mutator's among them.
      max_len: the longest input that is tried.
      runs: executions of NAME_test, seeds included: a few seconds.
      mutate_depth: edits one after the other before a seed is taken again. One,
        where an edit often leaves an input that goes no deeper.
      dictionary: a file of tokens for text formats.
      local_defines: of the sources.
    """
    options = {"max_len": str(max_len), "mutate_depth": str(mutate_depth)}
    data = ["seeds/%s.zip" % name]
    if dictionary:
        options["dict"] = native.package_name() + "/" + dictionary
        data.append(dictionary)
    native.cc_binary(
        name = name + "_program",
        testonly = 1,
        srcs = srcs,
        linkopts = ["-fsanitize=fuzzer"],
        local_defines = local_defines,
        tags = ["manual"],
        deps = deps + ["//fuzz/targets:target"],
    )
    for variant, sanitized in [("", True), ("_fast", False)]:
        _instrumented_binary(
            name = name + variant,
            testonly = 1,
            binary = name + "_program",
            options = options,
            sanitized = sanitized,
            tags = ["manual", "fuzz_target"],
        )
    for suffix, size, limit, tags in [
        ("", "medium", "-runs=%d" % runs, []),
        ("_long", "enormous", "-max_total_time=1200", ["manual"]),
    ]:
        native.sh_test(
            name = name + suffix + "_test",
            size = size,
            srcs = ["//fuzz/targets:fuzz_test.sh"],
            args = [
                "$(rootpath %s)" % name,
                "$(rootpath seeds/%s.zip)" % name,
                limit,
            ],
            data = data + [name],
            tags = tags + ["libfuzzer"],
        )
