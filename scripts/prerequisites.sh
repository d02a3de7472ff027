#!/bin/sh
# Names, in one line, everything that is missing to set this checkout up. It is plain sh, so that it runs where bash does not.
set -u

missing=""
add() { missing="${missing:+$missing, }$1"; }

case "$(uname -s)/$(uname -m)" in
  Linux/x86_64 | Linux/aarch64 | Linux/arm64) ;;
  *) add "Linux on x64 or arm64 (this is $(uname -s) on $(uname -m))" ;;
esac

# Envoy is linked with glibc 2.31; another libc cannot run it.
glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed -n 's/^glibc //p')
case "$glibc" in
  "") add "glibc" ;;
  *) [ "$(printf '%s\n2.31\n' "$glibc" | sort -t. -k1,1n -k2,2n | head -n 1)" = 2.31 ] || add "glibc 2.31 (this is $glibc)" ;;
esac

for tool in git bash npm; do
  command -v "$tool" >/dev/null 2>&1 || add "$tool"
done

if ! command -v python3 >/dev/null 2>&1; then
  add "python3 with pip"
elif [ ! -x .tools/envoy/envoy ] && ! python3 -m pip --version >/dev/null 2>&1; then
  add "pip for python3"
fi

[ -z "$missing" ] && exit 0
echo "Missing: $missing. Needed: Linux on x64 or arm64 with glibc, git, bash, npm, python3 with pip." >&2
exit 1
