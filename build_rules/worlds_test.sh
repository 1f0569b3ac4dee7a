#!/usr/bin/env bash
# compiler.wasm has one digest in every world. In: the file that this build
# made, WORKSPACE (to find the checkout). Out: the digest of a build in a clean
# folder where all is different at once: path, user, umask, time zone, locale,
# date, processors, order of files; with INGOT_WORLDS=each a build for each of
# them, which says what is to blame. Holds: a world that this machine does not
# have (another user without root, faketime not installed) is named and left
# out. Manual: each build takes minutes.
set -euo pipefail
built=$1
source=$(dirname "$(readlink -f "$2")")
expected=$(sha256sum <"$built" | cut -d ' ' -f 1)
folder=$(mktemp -d /tmp/ingot-worlds.XXXXXX)
trap 'chmod -R u+rwX "$folder"; rm -rf "$folder"' EXIT
chmod 755 "$folder"
failed=0

library=$(find /usr/lib -name libfaketime.so.1 2>/dev/null | head -n 1)
[ -n "$library" ] || echo "no faketime: the date stays (apt-get install faketime)"
[ "$(id -u)" = 0 ] || echo "no root: the user stays"

# World NAME PROPERTY...: builds there and compares.
world() {
  local name=$1 into flags=() before=() mask=022 user=
  shift
  into=$folder/$name
  for property in "$@"; do
    case $property in
      path) into=$folder/$name/a.much-longer,path+with=signs/x/y/z ;;
      user) [ "$(id -u)" = 0 ] && user=65534 ;;
      umask) mask=077 ;;
      zone) flags+=(--action_env=TZ=Pacific/Kiritimati) ;;
      locale) flags+=(--action_env=LC_ALL=tr_TR.UTF-8 --action_env=LANG=tr_TR.UTF-8) ;;
      date)
        [ -z "$library" ] || flags+=("--action_env=LD_PRELOAD=$library"
          "--action_env=FAKETIME=2001-02-03 04:05:06")
        ;;
      processors) before=(taskset -c 0) flags+=(--jobs=1) ;;
    esac
  done
  mkdir -p "$into"
  [ -z "$user" ] || {
    chown -R "$user:$user" "$folder/$name"
    before+=(setpriv "--reuid=$user" "--regid=$user" --clear-groups)
  }
  local digest
  digest=$(umask "$mask" && HOME=$into USER=builder \
    "${before[@]}" bash "$source/build_rules/reproduce" "$source" \
    --into "$into" -- "${flags[@]}") || digest="no build"
  echo "$name: $digest"
  [ "$digest" = "$expected" ] || failed=1
}

echo "expected: $expected"
all=(path user umask zone locale date processors)
if [ "${INGOT_WORLDS:-}" = each ]; then
  for property in "${all[@]}"; do world "$property" "$property"; done
else
  world everything "${all[@]}"
fi
exit "$failed"
