"""wasm32_module: C++20 sources to a WebAssembly module.

In: the same cc_library targets that the native build uses (`deps`), and sources
of the module's own (`srcs`). Out: `NAME.wasm`. Holds: the bytes depend on the
sources, the flags below and the packages marked ! in
third_party/versions.txt, and on nothing else: no path, order of targets or
unrelated package enters.

An aspect walks `deps` for the sources and include paths of each cc_library; the
rule compiles each source by one action of its own, with clang alone (the
host's C++ toolchain takes no part), and links them with wasm-ld, sorted by
path. The linker is called directly because clang's driver would run any
installed wasm-opt on the result.
"""

_CLANG = "/usr/bin/clang-19"
_LINKER = "/usr/bin/wasm-ld-19"
_LIBRARIES = [
    "-L/usr/lib/wasm32-wasi",
    "-lc++",
    "-lc++abi",
    "-lc",
    "/usr/lib/llvm-19/lib/clang/19/lib/wasi/libclang_rt.builtins-wasm32.a",
]

# Without these paths clang would read the host's /usr/include.
_SYSTEM_INCLUDES = [
    "/usr/include/wasm32-wasi/c++/v1",
    "/usr/lib/llvm-19/lib/clang/19/include",
    "/usr/include/wasm32-wasi",
]

_COMPILE_FLAGS = [
    "--target=wasm32-wasi",
    "-fno-exceptions",
    "-fno-threadsafe-statics",
    "-ffp-contract=off",
    "-ffunction-sections",
    "-fdata-sections",
    "-fvisibility=hidden",
    "-nostdlibinc",
    "-no-canonical-prefixes",
    "-ffile-compilation-dir=.",
    "-Wno-builtin-macro-redefined",
    "-D__DATE__=\"\"",
    "-D__TIME__=\"\"",
    "-D__TIMESTAMP__=\"\"",
    "-DNDEBUG",
]

_CXX_FLAGS = ["-std=c++20", "-fno-rtti", "-nostdinc++"]

_SOURCE_EXTENSIONS = ["c", "cc", "cpp"]

_Wasm32Info = provider(
    "The sources of a cc_library and of everything below it.",
    fields = {
        "units": "depset of struct(source, headers, flags): what to compile",
    },
)

def _unit(source, headers, context, local_defines):
    flags = ["-D" + define for define in local_defines]
    flags += ["-D" + define for define in context.defines.to_list()]
    for path in context.quote_includes.to_list():
        flags += ["-iquote", path]
    for path in context.includes.to_list():
        flags += ["-I", path]
    for path in context.system_includes.to_list():
        flags += ["-isystem", path]
    return struct(
        source = source,
        headers = headers,
        flags = tuple(flags),
    )

def _units(target_context, rule):
    headers = depset(
        [f for f in rule.files.srcs if f.extension not in _SOURCE_EXTENSIONS],
        transitive = [target_context.headers],
    )
    return [
        _unit(source, headers, target_context, rule.attr.local_defines)
        for source in rule.files.srcs
        if source.extension in _SOURCE_EXTENSIONS
    ]

def _wasm32_sources_impl(target, ctx):
    rule = ctx.rule
    below = list(getattr(rule.attr, "deps", []))
    if hasattr(rule.attr, "actual"):
        below.append(rule.attr.actual)
    direct = []
    if rule.kind == "cc_library":
        direct = _units(target[CcInfo].compilation_context, rule)
    return [_Wasm32Info(units = depset(
        direct,
        transitive = [
            dep[_Wasm32Info].units
            for dep in below
            if _Wasm32Info in dep
        ],
    ))]

_wasm32_sources = aspect(
    implementation = _wasm32_sources_impl,
    attr_aspects = ["deps", "actual"],
)

def _path_of(unit):
    return unit.source.path

def _compile(ctx, unit):
    source = unit.source
    stem = source.short_path.replace("../", "external/")
    compiled = ctx.actions.declare_file(
        "{}.objects/{}.o".format(ctx.label.name, stem),
    )
    args = ctx.actions.args()
    args.add_all(_COMPILE_FLAGS)
    if source.extension != "c":
        args.add_all(_CXX_FLAGS)
    args.add("-isystem", ctx.file._pthread_stub.dirname)
    args.add_all(_SYSTEM_INCLUDES, before_each = "-isystem")
    args.add_all(unit.flags)
    if source.path.startswith("external/"):
        args.add("-w")
    else:
        args.add_all(["-Wall", "-Wextra", "-Werror"])
    args.add_all(ctx.attr.copts)
    args.add("-c", source)
    args.add("-o", compiled)
    ctx.actions.run(
        executable = _CLANG,
        arguments = [args],
        inputs = depset(
            [source, ctx.file._pthread_stub],
            transitive = [unit.headers],
        ),
        outputs = [compiled],
        mnemonic = "Wasm32Compile",
        progress_message = "Compiling %s for wasm32" % source.short_path,
        use_default_shell_env = True,
    )
    return compiled

def _wasm32_module_impl(ctx):
    units = depset(transitive = [
        dep[_Wasm32Info].units
        for dep in ctx.attr.deps + ctx.attr.runtime
    ]).to_list()
    objects = [
        _compile(ctx, unit)
        for unit in sorted(units, key = _path_of)
    ]
    module = ctx.outputs.module
    args = ctx.actions.args()
    args.add_all(["-m", "wasm32", "--no-entry", "--gc-sections", "--strip-all"])
    args.add("-O2")
    args.add_all(ctx.attr.linkopts)
    args.add_all(ctx.attr.exports, format_each = "--export=%s")
    args.add_all(objects)
    args.add_all(_LIBRARIES)
    args.add("-o", module)
    ctx.actions.run(
        executable = _LINKER,
        arguments = [args],
        inputs = objects,
        outputs = [module],
        mnemonic = "Wasm32Link",
        progress_message = "Linking %s" % module.short_path,
        use_default_shell_env = True,
    )
    return [DefaultInfo(
        files = depset([module]),
        runfiles = ctx.runfiles([module]),
    )]

_wasm32_module = rule(
    implementation = _wasm32_module_impl,
    attrs = {
        "copts": attr.string_list(),
        "deps": attr.label_list(aspects = [_wasm32_sources]),
        "exports": attr.string_list(),
        "linkopts": attr.string_list(),
        "module": attr.output(mandatory = True),
        "runtime": attr.label_list(aspects = [_wasm32_sources]),
        "_pthread_stub": attr.label(
            allow_single_file = True,
            default = "//build_rules/wasm32:pthread.h",
        ),
    },
)

def wasm32_module(
        name,
        srcs = [],
        hdrs = [],
        deps = [],
        copts = ["-O2"],
        exports = [],
        linkopts = [],
        runtime = ["//build_rules/wasm32:runtime"],
        **kwargs):
    """Builds NAME.wasm.

    Args:
      name: the target's name, without .wasm.
      srcs: C++ or C sources of the module's own.
      hdrs: headers of the module's own.
      deps: cc_library targets, compiled for wasm32 with all they depend on.
      copts: added to every compile; the optimisation level among them.
      exports: symbols to export, besides those that the sources mark with
        __attribute__((export_name("..."))).
      linkopts: options of wasm-ld.
      runtime: cc_library targets that supply operator new and what else the
        standard library needs; replace it where memory has another owner.
      **kwargs: visibility, testonly, tags.
    """
    if srcs or hdrs:
        native.cc_library(
            name = name + "_sources",
            srcs = srcs,
            hdrs = hdrs,
            deps = deps,
            tags = ["manual"],
            testonly = kwargs.get("testonly", 0),
            visibility = ["//visibility:private"],
        )
        deps = [name + "_sources"]
    _wasm32_module(
        name = name,
        module = name + ".wasm",
        copts = copts,
        exports = exports,
        linkopts = linkopts,
        runtime = runtime,
        deps = deps,
        **kwargs
    )
