"""own_archives: the static archives of our own code below some targets.

In: cc_library targets. Out: the archives that a program which depends on them
is linked with, those of external repositories left out. Tests look at their
symbols.
"""

def _own_archives_impl(ctx):
    archives = []
    for dep in ctx.attr.deps:
        context = dep[CcInfo].linking_context
        for linker_input in context.linker_inputs.to_list():
            if linker_input.owner.workspace_name:
                continue
            for library in linker_input.libraries:
                archives.append(
                    library.static_library or library.pic_static_library,
                )
    files = depset([archive for archive in archives if archive])
    return [DefaultInfo(
        files = files,
        runfiles = ctx.runfiles(transitive_files = files),
    )]

own_archives = rule(
    implementation = _own_archives_impl,
    attrs = {"deps": attr.label_list(providers = [CcInfo])},
)
