"""one_object: everything below some targets, linked into one object file.

In: cc_library targets, the prefix of the symbols that stay visible. Out: NAME.o,
in which all other symbols are local, so that what it contains (another version
of which may be in the same program) can neither be seen nor replaced, whether it
ends up in a shared library or in an archive.
"""

def _one_object_impl(ctx):
    roots = [dep.label for dep in ctx.attr.deps]
    whole = []
    archives = []
    for dep in ctx.attr.deps:
        context = dep[CcInfo].linking_context
        for linker_input in context.linker_inputs.to_list():
            for library in linker_input.libraries:
                archive = library.static_library or library.pic_static_library
                if not archive:
                    continue
                if linker_input.owner in roots or library.alwayslink:
                    whole.append(archive)
                else:
                    archives.append(archive)
    out = ctx.actions.declare_file(ctx.label.name + ".o")
    ctx.actions.run_shell(
        inputs = whole + archives,
        outputs = [out],
        command = """set -e
ld -r --force-group-allocation -o "$1.all" --whole-archive {whole} \
  --no-whole-archive --start-group {archives} --end-group
objcopy -w --keep-global-symbol='{prefix}*' "$1.all" "$1"
rm "$1.all"
""".format(
            whole = " ".join([archive.path for archive in whole]),
            archives = " ".join([archive.path for archive in archives]),
            prefix = ctx.attr.prefix,
        ),
        arguments = [out.path],
        mnemonic = "OneObject",
        use_default_shell_env = True,
    )
    return [DefaultInfo(files = depset([out]))]

one_object = rule(
    implementation = _one_object_impl,
    attrs = {
        "deps": attr.label_list(providers = [CcInfo]),
        "prefix": attr.string(mandatory = True),
    },
)
