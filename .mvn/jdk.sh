# Finds a JDK 25 or newer, or fetches one. POSIX sh, sourced by ./mvnw and ./vl:
#
#   . .mvn/jdk.sh
#   vl_find_jdk ROOT     exports JAVA_HOME and returns 0, or explains on stderr and returns 3
#
# Order: JAVA_HOME; the usual JVM folders (a 25 before anything newer, because 25 is what the build is
# tested with); Maven's toolchains.xml; `java` on the PATH; ROOT/.vl/jdk; and last a download into
# ROOT/.vl/jdk, announced on stderr and accepted only with the pinned digest.
#
#   VAULTLAYER_JDK_FOLDERS  colon-separated, instead of the usual folders (and instead of toolchains.xml)
#   VAULTLAYER_JDK_URL      folder that mirrors the archive, or the whole URL of a .tar.gz
#   VAULTLAYER_JDK_SHA256   digest of that archive where it is not the pinned one

# Temurin 25.0.3+9 for glibc Linux. The digests are those in adoptium/containers,
# 25/jdk/ubuntu/noble/Dockerfile at commit d4069a0915f92e02653b85671b9c142c895bb452; change version and
# digests together (docs/decisions/0003).
VL_JDK_NAME=temurin-25.0.3+9
VL_JDK_BASE='https://github.com/adoptium/temurin25-binaries/releases/download/jdk-25.0.3%2B9'
VL_JDK_X64=OpenJDK25U-jdk_x64_linux_hotspot_25.0.3_9.tar.gz
VL_JDK_X64_SHA256=69264a7a211bf5029830d07bc3370f879769d62ebc5b5488e90c9343a2da0e1f
VL_JDK_AARCH64=OpenJDK25U-jdk_aarch64_linux_hotspot_25.0.3_9.tar.gz
VL_JDK_AARCH64_SHA256=3e4287cb98870ba824ed698854bdc27cff984254caf66dd12cc291e7bfdde26b

# The archive is 140 MB; ten times the usual time for it, and four times its size, are no JDK any more.
VL_JDK_MAX_SECONDS=1800
VL_JDK_MAX_BYTES=600000000

vl_say() { printf '%s\n' "vl: $*" >&2; }

# vl_run_locked FILE SECONDS COMMAND...: runs COMMAND alone among all processes that use FILE.
# Without flock (macOS) two runs at once are merely wasteful: every result is put in place by a rename.
vl_run_locked() {
  _vl_lock=$1 _vl_wait=$2
  shift 2
  if command -v flock >/dev/null 2>&1; then
    (
      if ! flock -n 9; then
        vl_say "waiting for another run that holds $_vl_lock"
        flock -w "$_vl_wait" 9 || {
          vl_say "waiting for $_vl_lock: still held after $_vl_wait s; end the process that holds it and run again"
          exit 3
        }
      fi
      "$@"
    ) 9>"$_vl_lock"
  else
    ("$@")
  fi
}

# vl_jdk_rank DIR: prints a sortable number for a usable JDK of 25 or newer, nothing for anything else.
vl_jdk_rank() {
  [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] || return 0
  _vl_version=
  if [ -r "$1/release" ]; then
    while IFS='=' read -r _vl_key _vl_value; do
      if [ "$_vl_key" = JAVA_VERSION ]; then
        _vl_version=${_vl_value#\"}
        _vl_version=${_vl_version%\"*}
        break
      fi
    done <"$1/release"
  fi
  if [ -z "$_vl_version" ]; then
    _vl_version=$("$1/bin/java" -version 2>&1 | sed -n 's/.*version "\([0-9][0-9.]*\).*/\1/p' | head -n 1) || :
  fi
  _vl_version=${_vl_version%%[!0-9.]*}
  _vl_major=${_vl_version%%.*}
  _vl_rest=${_vl_version#"$_vl_major"}
  _vl_rest=${_vl_rest#.}
  _vl_minor=${_vl_rest%%.*}
  _vl_rest=${_vl_rest#"$_vl_minor"}
  _vl_patch=${_vl_rest#.}
  _vl_patch=${_vl_patch%%.*}
  [ "${_vl_major:-0}" -ge 25 ] || return 0
  # A plain 25 ranks above every other major version.
  [ "$_vl_major" -ne 25 ] || _vl_major=9999
  printf '%04d%03d%03d\n' "$_vl_major" "${_vl_minor:-0}" "${_vl_patch:-0}"
}

# vl_jdk_best DIR...: prints the best usable JDK among the directories; the first of equals.
vl_jdk_best() {
  _vl_best= _vl_best_rank=0
  for _vl_dir in "$@"; do
    _vl_rank=$(vl_jdk_rank "$_vl_dir")
    if [ -n "$_vl_rank" ] && [ "$_vl_rank" -gt "$_vl_best_rank" ]; then
      _vl_best=$_vl_dir _vl_best_rank=$_vl_rank
    fi
  done
  [ -z "$_vl_best" ] || printf '%s\n' "$_vl_best"
}

# vl_jdk_in_folders FOLDERS: the best JDK directly inside the colon-separated folders.
vl_jdk_in_folders() {
  (
    set +f
    _vl_rest=$1:
    set --
    while [ -n "$_vl_rest" ]; do
      _vl_folder=${_vl_rest%%:*}
      _vl_rest=${_vl_rest#*:}
      [ -n "$_vl_folder" ] || continue
      for _vl_dir in "$_vl_folder"/* "$_vl_folder"/*/Contents/Home "$_vl_folder"/*/libexec/openjdk.jdk/Contents/Home; do
        if [ -x "$_vl_dir/bin/javac" ]; then set -- "$@" "$_vl_dir"; fi
      done
    done
    vl_jdk_best "$@"
  )
}

vl_jdk_usual() {
  if [ -n "${VAULTLAYER_JDK_FOLDERS+set}" ]; then
    vl_jdk_in_folders "$VAULTLAYER_JDK_FOLDERS"
    return
  fi
  _vl_home=${HOME:-/nonexistent}
  _vl_found=$(vl_jdk_in_folders "/usr/lib/jvm:/usr/lib64/jvm:/usr/java:/usr/local/java:/opt:/opt/java:$_vl_home/.sdkman/candidates/java:$_vl_home/.jdks:$_vl_home/.gradle/jdks:$_vl_home/.asdf/installs/java:$_vl_home/.local/share/mise/installs/java:/Library/Java/JavaVirtualMachines:$_vl_home/Library/Java/JavaVirtualMachines:/opt/homebrew/opt:/usr/local/opt:/home/linuxbrew/.linuxbrew/opt")
  if [ -z "$_vl_found" ] && [ -r "$_vl_home/.m2/toolchains.xml" ]; then
    _vl_found=$(
      set -f
      IFS='
'
      # shellcheck disable=SC2046  # one line, one directory
      vl_jdk_best $(sed -n 's:.*<jdkHome>\(.*\)</jdkHome>.*:\1:p' "$_vl_home/.m2/toolchains.xml")
    )
  fi
  [ -z "$_vl_found" ] || printf '%s\n' "$_vl_found"
}

vl_jdk_on_path() {
  command -v java >/dev/null 2>&1 || return 0
  _vl_found=$(java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.home = //p' | head -n 1) || :
  [ -z "$_vl_found" ] || vl_jdk_best "$_vl_found"
}

vl_sha256() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum <"$1" | cut -d ' ' -f 1
  elif command -v shasum >/dev/null 2>&1; then
    shasum -a 256 <"$1" | cut -d ' ' -f 1
  elif command -v openssl >/dev/null 2>&1; then
    openssl dgst -sha256 <"$1" | sed 's/.*= *//'
  elif command -v python3 >/dev/null 2>&1; then
    python3 -c 'import hashlib,sys; print(hashlib.sha256(open(sys.argv[1],"rb").read()).hexdigest())' "$1"
  fi
}

# vl_download URL FILE: bounded in time and size, whichever of the usual programs is there.
vl_download() {
  if command -v curl >/dev/null 2>&1; then
    _vl_quiet=-sS
    [ ! -t 2 ] || _vl_quiet='--progress-bar'
    curl $_vl_quiet -fL --retry 3 --connect-timeout 20 --speed-limit 1000 --speed-time 60 \
      --max-time "$VL_JDK_MAX_SECONDS" --max-filesize "$VL_JDK_MAX_BYTES" -o "$2" "$1"
  elif command -v wget >/dev/null 2>&1; then
    wget -q --tries=3 --timeout=60 -O "$2" "$1"
  elif command -v python3 >/dev/null 2>&1; then
    python3 - "$1" "$2" "$VL_JDK_MAX_BYTES" <<'PYTHON'
import sys, urllib.request
url, path, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
try:
    with urllib.request.urlopen(url, timeout=60) as answer, open(path, "wb") as out:
        while piece := answer.read(1 << 20):
            limit -= len(piece)
            if limit < 0:
                sys.exit("larger than any JDK")
            out.write(piece)
except OSError as broken:
    sys.exit(str(broken))
PYTHON
  else
    vl_say "fetching JDK $VL_JDK_NAME: neither curl, wget nor python3 is there; install one of them, or a JDK 25"
    return 3
  fi
}

# vl_jdk_fetch ROOT: fills ROOT/.vl/jdk/NAME. Everything happens in a directory of this process; only a
# checked and complete JDK is renamed into place. Runs in a subshell, under the lock.
vl_jdk_fetch() {
  _vl_cache=$1/.vl/jdk
  _vl_target=$_vl_cache/$VL_JDK_NAME
  [ -z "$(vl_jdk_rank "$_vl_target")" ] || return 0 # somebody else was faster

  case $(uname -s)/$(uname -m) in
  Linux/x86_64 | Linux/amd64) _vl_file=$VL_JDK_X64 _vl_sha=$VL_JDK_X64_SHA256 ;;
  Linux/aarch64 | Linux/arm64) _vl_file=$VL_JDK_AARCH64 _vl_sha=$VL_JDK_AARCH64_SHA256 ;;
  *)
    vl_say "fetching JDK $VL_JDK_NAME: no archive is pinned for $(uname -s) on $(uname -m); install a JDK 25 and set JAVA_HOME"
    return 3
    ;;
  esac
  if [ -z "${VAULTLAYER_JDK_SHA256-}" ] && ls /lib/ld-musl-* >/dev/null 2>&1; then
    vl_say "fetching JDK $VL_JDK_NAME: the pinned archive needs glibc and this system has musl; install its openjdk25 package"
    return 3
  fi
  _vl_url=${VAULTLAYER_JDK_URL:-$VL_JDK_BASE}
  case $_vl_url in
  *.tar.gz) ;;
  *) _vl_url=${_vl_url%/}/$_vl_file ;;
  esac
  _vl_sha=${VAULTLAYER_JDK_SHA256:-$_vl_sha}

  # A user and password in a mirror's URL stay out of every message.
  _vl_shown=$(printf '%s\n' "$_vl_url" | sed 's#//[^/@]*@#//#')
  vl_say "no JDK 25 in JAVA_HOME, the usual folders or on the PATH; fetching $VL_JDK_NAME (about 140 MB, once) from $_vl_shown"
  _vl_tmp=$_vl_cache/.fetch.$$
  trap 'rm -rf "$_vl_tmp"' EXIT
  trap 'exit 130' HUP INT TERM
  rm -rf "$_vl_cache"/.fetch.* # what a killed run left; the lock says that nobody is at work there
  mkdir -p "$_vl_tmp/unpacked" || {
    vl_say "fetching JDK $VL_JDK_NAME: $_vl_cache cannot be written; make it writable, or install a JDK 25 and set JAVA_HOME"
    exit 3
  }
  vl_download "$_vl_url" "$_vl_tmp/archive" || {
    vl_say "fetching JDK $VL_JDK_NAME: the download from $_vl_shown failed; run again, name a mirror in VAULTLAYER_JDK_URL, or install a JDK 25 and set JAVA_HOME"
    exit 3
  }
  _vl_got=$(vl_sha256 "$_vl_tmp/archive")
  if [ -z "$_vl_got" ] || [ "$_vl_got" != "$_vl_sha" ]; then
    vl_say "fetching JDK $VL_JDK_NAME: SHA-256 is ${_vl_got:-not computable here}, expected $_vl_sha; nothing was kept, install a JDK 25 and set JAVA_HOME, or fix VAULTLAYER_JDK_URL"
    exit 3
  fi
  tar -xzf "$_vl_tmp/archive" -C "$_vl_tmp/unpacked" || {
    vl_say "fetching JDK $VL_JDK_NAME: the archive could not be unpacked; free some disk space and run again"
    exit 3
  }
  _vl_home=$(vl_jdk_in_folders "$_vl_tmp/unpacked")
  if [ -z "$_vl_home" ]; then
    vl_say "fetching JDK $VL_JDK_NAME: the archive holds no JDK 25; check VAULTLAYER_JDK_URL and VAULTLAYER_JDK_SHA256"
    exit 3
  fi
  rm -rf "$_vl_target"
  mv "$_vl_home" "$_vl_target" || exit 3
  vl_say "JDK $VL_JDK_NAME is in place"
}

vl_find_jdk() {
  _vl_root=$1
  if [ -n "${JAVA_HOME-}" ] && [ -n "$(vl_jdk_rank "$JAVA_HOME")" ]; then
    export JAVA_HOME
    return 0
  fi
  _vl_jdk=$(vl_jdk_usual)
  [ -n "$_vl_jdk" ] || _vl_jdk=$(vl_jdk_on_path)
  [ -n "$_vl_jdk" ] || _vl_jdk=$(vl_jdk_in_folders "$_vl_root/.vl/jdk")
  if [ -z "$_vl_jdk" ]; then
    mkdir -p "$_vl_root/.vl/jdk" 2>/dev/null || {
      vl_say "fetching JDK $VL_JDK_NAME: $_vl_root/.vl cannot be written; make it writable, or install a JDK 25 and set JAVA_HOME"
      return 3
    }
    vl_run_locked "$_vl_root/.vl/jdk.lock" "$VL_JDK_MAX_SECONDS" vl_jdk_fetch "$_vl_root" || return 3
    _vl_jdk=$(vl_jdk_in_folders "$_vl_root/.vl/jdk")
    [ -n "$_vl_jdk" ] || return 3
  fi
  JAVA_HOME=$_vl_jdk
  export JAVA_HOME
}
