"""Our own sources with defects written into them, and tests over them.

seeded_sources: in, targets, names of libraries below them, tables of seeds. Out:
each source file of those libraries with the edits of the tables applied, and
seeds.inc, the names. Fails when a library is not below the targets, or a place
to edit is not found exactly once.

headers_of: the headers of everything below some targets, without the archives:
for a library that takes the place of some of them.

seeded_test: a test program over such a library.

The library is linked before the originals and whole, so that the linker
finds every symbol defined and leaves the originals' objects where they are; if
it did not, symbols would be defined twice and the link would fail.
"""

_Sources = provider(fields = {"libraries": "depset of (label, source files)"})

def _sources_aspect_impl(_target, ctx):
    below = [
        dep[_Sources].libraries
        for dep in getattr(ctx.rule.attr, "deps", [])
        if _Sources in dep
    ]
    own = []
    if hasattr(ctx.rule.files, "srcs") and not ctx.label.workspace_name:
        files = [f for f in ctx.rule.files.srcs if f.extension == "cc"]
        name = "//%s:%s" % (ctx.label.package, ctx.label.name)
        own.append(struct(name = name, files = tuple(files)))
    return [_Sources(libraries = depset(own, transitive = below))]

_sources_aspect = aspect(
    implementation = _sources_aspect_impl,
    attr_aspects = ["deps"],
)

def _seeded_sources_impl(ctx):
    found = {
        library.name: library.files
        for dep in ctx.attr.below
        for library in dep[_Sources].libraries.to_list()
    }
    outputs = []
    inputs = []
    arguments = ctx.actions.args()
    names = ctx.actions.declare_file("seeds.inc")
    arguments.add(ctx.file._seed_sources)
    arguments.add(names)
    arguments.add_all(ctx.files.seeds, before_each = "--seeds")
    for library in ctx.attr.libraries:
        if library not in found:
            fail("%s is not below %s" % (library, ctx.attr.below))
        for source in found[library]:
            output = ctx.actions.declare_file("seeded/" + source.path)
            arguments.add_all("--source", [source, output])
            inputs.append(source)
            outputs.append(output)
    ctx.actions.run(
        executable = "/usr/bin/python3",
        arguments = [arguments],
        inputs = inputs + ctx.files.seeds + [ctx.file._seed_sources],
        outputs = outputs + [names],
        mnemonic = "SeedSources",
    )
    return [
        DefaultInfo(files = depset(outputs)),
        OutputGroupInfo(names = depset([names])),
    ]

seeded_sources = rule(
    implementation = _seeded_sources_impl,
    attrs = {
        "below": attr.label_list(aspects = [_sources_aspect]),
        "libraries": attr.string_list(),
        "seeds": attr.label_list(allow_files = [".toml"]),
        "_seed_sources": attr.label(
            default = "seed_sources.py",
            allow_single_file = True,
        ),
    },
)

def _headers_of_impl(ctx):
    return [CcInfo(compilation_context = cc_common.merge_cc_infos(
        cc_infos = [dep[CcInfo] for dep in ctx.attr.deps],
    ).compilation_context)]

headers_of = rule(
    implementation = _headers_of_impl,
    attrs = {"deps": attr.label_list(providers = [CcInfo])},
)

_Parts = provider(fields = {"sources": "files", "deps": "CcInfo"})

def _parts_aspect_impl(_target, ctx):
    return [_Parts(
        sources = depset(ctx.rule.files.srcs),
        deps = cc_common.merge_cc_infos(cc_infos = [
            dep[CcInfo]
            for dep in ctx.rule.attr.deps
            if CcInfo in dep
        ]),
    )]

_parts_aspect = aspect(implementation = _parts_aspect_impl)

def _parts_of_impl(ctx):
    parts = ctx.attr.test[_Parts]
    return [DefaultInfo(files = parts.sources), parts.deps]

_parts_of = rule(
    implementation = _parts_of_impl,
    attrs = {"test": attr.label(aspects = [_parts_aspect])},
)

def seeded_test(name, test, seeded):
    """Makes a test program again, over seeded sources.

    Args:
      name: the program's name.
      test: the cc_test, whose sources and deps it takes.
      seeded: the library of seeded sources.
    """
    _parts_of(
        name = name + "_parts",
        testonly = 1,
        test = test,
    )
    native.cc_binary(
        name = name,
        testonly = 1,
        srcs = [name + "_parts"],
        tags = ["manual"],
        deps = [seeded, name + "_parts"],
    )
