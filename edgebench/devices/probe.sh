# What a board is, as key=value lines; POSIX sh, nothing is changed. $1: the only Python to take, or nothing.
say() { printf '%s=%s\n' "$1" "$2"; }
read_file() { tr -d '\0' < "$1" 2>/dev/null | head -c 300 | tr '\n' ' '; }
say machine "$(uname -m)"
say bits "$(getconf LONG_BIT 2>/dev/null)"
say libc "$(getconf GNU_LIBC_VERSION 2>/dev/null)"
model=$(read_file /proc/device-tree/model)
say model "${model:-$(sed -n 's/^Model[[:space:]]*: //p' /proc/cpuinfo 2>/dev/null)}"
say home "$HOME"
say seconds "$(date +%s)"
say free_kb "$(df -Pk "$HOME" | tail -n 1 | awk '{print $4}')"
test -n "$1" || set -- python3.13 python3.12 python3.11 python3.10 python3.9 python3
for python in "$@"; do
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    case $version in 3.9 | 3.1[0-9])
        found=$(command -v "$python")
        case $found in /*) ;; *) found=$PWD/$found ;; esac
        say python "$found"
        say release "$version"
        break
        ;;
    esac
done
for tool in tar setsid flock tail sha256sum; do command -v $tool >/dev/null || say missing $tool; done
