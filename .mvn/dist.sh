# Builds the programs and puts them where ./vl runs them from. POSIX sh, sourced by ./vl only when
# something is missing or newer than the last build. Uses root, vl_current and vl_jdk_is of ./vl.
#
# .vl/dist/current     four lines: id of the build to run, checkout it was made in, its JDK, that JDK's version
# .vl/dist/ID/         one build; never changed once it is current, so that a running plane or agent keeps
#   stamp              its files while a newer build appears beside it. Its time is the start of the build
#   lib/*.jar          every runtime jar once
#   P.cp               class path of program P (cli, agent, plane): absolute jar paths joined by colons
#   P.aot              JDK 25 ahead-of-time cache of P; absent when the training run failed, or when
#                      VAULTLAYER_AOT=off asked for a quicker build of slower programs
#   P.args             what starts P: java @.vl/dist/ID/P.args ARGUMENTS... (options, class path, main class)
# .vl/build.log        what Maven said last
#
# Every program gets as system properties: vaultlayer.root (the checkout), vaultlayer.dist (.vl/dist/ID),
# vaultlayer.java (the java program). A training run has -Dvaultlayer.train=true in addition: the main
# class loads what it will need and exits with 0, touching neither network, nor home, nor terminal.

. "$root/.mvn/jdk.sh"

# From an empty Maven repository the build took 42 s on two cores; a slow line may need an hour.
VL_BUILD_SECONDS=3600
VL_TRAIN_SECONDS=120
VL_HEARTBEAT_SECONDS=15

# vl_refuse CODE MESSAGE ARGUMENTS...: the contract's error, as a document on stdout with --json.
vl_refuse() {
  _vl_code=$1 _vl_message=$2
  shift 2
  for _vl_argument in "$@"; do
    case $_vl_argument in
    --) break ;;
    --json)
      printf '{"code":"%s","message":"%s","detail":{}}\n' "$_vl_code" \
        "$(printf '%s' "$_vl_message" | sed 's/[\\"]/\\&/g' | tr '\n\t' '  ')"
      return 3
      ;;
    esac
  done
  vl_say "$_vl_message"
  return 3
}

# vl_attend WHAT SECONDS LOG COMMAND...: runs COMMAND with its output in LOG, says on stderr now and then
# that WHAT still goes on, and ends it after SECONDS or when this process is told to stop.
vl_attend() {
  _vl_what=$1 _vl_limit=$2 _vl_log=$3
  shift 3
  "$@" >"$_vl_log" 2>&1 </dev/null &
  _vl_pid=$!
  (
    _vl_waited=0
    while sleep "$VL_HEARTBEAT_SECONDS" >/dev/null 2>&1 9>&-; do
      _vl_waited=$((_vl_waited + VL_HEARTBEAT_SECONDS))
      if [ "$_vl_waited" -ge "$_vl_limit" ]; then
        kill "$_vl_pid" 2>/dev/null
        exit
      fi
      vl_say "$_vl_what ($_vl_waited s)"
    done
  ) &
  _vl_beat=$!
  # A background process of a script ignores Ctrl-C; end it here.
  trap 'kill "$_vl_pid" "$_vl_beat" 2>/dev/null; exit 130' HUP INT TERM
  wait "$_vl_pid"
  _vl_rc=$?
  trap - HUP INT TERM
  kill "$_vl_beat" 2>/dev/null
  wait "$_vl_beat" 2>/dev/null
  return "$_vl_rc"
}

vl_main_class() {
  case $1 in
  cli) echo io.vaultlayer.cli.Vl ;;
  agent) echo io.vaultlayer.agent.AgentMain ;;
  plane) echo io.vaultlayer.local.LocalMain ;;
  esac
}

# vl_options PROGRAM: JVM options, one a line. The first compiler alone and the serial collector start
# fastest and stay smallest; a cache serves only the options that it was made with. The heaps bound what
# an idle plane (450 MiB with all its processes) and an agent (120 MiB) may ever take.
# What lives for a second repays no compiling before ten times the usual calls, and no code made for a
# reflective call: without these two options `vl ps` and an agent's start took a quarter more CPU.
vl_options() {
  cat <<END
-XX:+UseSerialGC
-XX:-UsePerfData
-Xlog:disable
--enable-native-access=ALL-UNNAMED
--sun-misc-unsafe-memory-access=allow
-Dstdout.encoding=UTF-8
-Dstderr.encoding=UTF-8
-Dvaultlayer.root=$root
-Dvaultlayer.dist=$dist
-Dvaultlayer.java=$JAVA_HOME/bin/java
-XX:ErrorFile=$root/.vl/crash-%p.log
END
  case $1 in
  cli | agent) printf '%s\n' -XX:CompileThresholdScaling=10 -Djdk.reflect.useNativeAccessorOnly=true ;;
  esac
  case $1 in
  cli) printf '%s\n' -XX:TieredStopAtLevel=1 -Xmx256m ;;
  # With the second compiler, for what really is hot: SHA-256 of a checkpoint takes 1.3 s of CPU a GB
  # with it and 6.3 s without, for 2 MiB of memory.
  # What runs for each request of a transfer is compiled after the usual number of calls: without
  # that half of a save of 4,000 small files is over before, and takes a tenth more CPU.
  agent)
    printf '%s\n' -Xmx48m -Xss512k -XX:+ExitOnOutOfMemoryError -XX:CompileCommand=quiet \
      '-XX:CompileCommand=CompileThresholdScaling,io.vaultlayer.agent.s3.*::*,0.1' \
      '-XX:CompileCommand=CompileThresholdScaling,io.vaultlayer.agent.checkpoint.*::*,0.1'
    ;;
  plane) printf '%s\n' -XX:TieredStopAtLevel=1 -Xmx320m -XX:+ExitOnOutOfMemoryError ;;
  esac
}

# vl_write_args PROGRAM: the argument file, with the cache if there is one.
vl_write_args() {
  {
    [ ! -s "$dist/$1.aot" ] || printf '%s\n' "-XX:AOTCache=$dist/$1.aot"
    vl_options "$1"
    printf '%s\n' -cp "$(cat "$dist/$1.cp")"
    vl_main_class "$1"
  } | sed 's/[\\"]/\\&/g; s/.*/"&"/' >"$dist/$1.args.new"
  mv "$dist/$1.args.new" "$dist/$1.args"
}

# vl_collect PROGRAM MODULE: fills lib/ and writes the class path.
vl_collect() {
  _vl_rest=$root/$2/target/vaultlayer-$2.jar:$(cat "$root/$2/target/runtime.classpath"):
  _vl_cp=
  while [ -n "$_vl_rest" ]; do
    _vl_jar=${_vl_rest%%:*}
    _vl_rest=${_vl_rest#*:}
    [ -n "$_vl_jar" ] || continue
    _vl_to=$dist/lib/${_vl_jar##*/}
    if [ -e "$_vl_to" ] && ! cmp -s "$_vl_jar" "$_vl_to"; then
      # Two libraries of one file name: the second goes into a folder of its own.
      _vl_to=$dist/lib/$1/${_vl_jar##*/}
      mkdir -p "$dist/lib/$1" || return 1
    fi
    if [ ! -e "$_vl_to" ]; then
      case $_vl_jar in
      "$root"/*/target/*) cp -p "$_vl_jar" "$_vl_to" ;; # Maven rewrites these in place
      *) ln "$_vl_jar" "$_vl_to" 2>/dev/null || cp -p "$_vl_jar" "$_vl_to" ;; # released jars never change
      esac || return 1
    fi
    _vl_cp=${_vl_cp:+$_vl_cp:}$_vl_to
  done
  printf '%s\n' "$_vl_cp" >"$dist/$1.cp"
}

# vl_train PROGRAM: makes the cache. A failed training is no failed build: the program starts slower.
vl_train() {
  vl_write_args "$1"
  sed -e '$d' "$dist/$1.args" >"$dist/$1.train"
  if ! vl_attend "still preparing $1" "$VL_TRAIN_SECONDS" "$dist/$1.train.log" "$JAVA_HOME/bin/java" \
    "-XX:AOTCacheOutput=$dist/$1.aot" -Dvaultlayer.train=true "-Dvaultlayer.template=$root/template.yaml" \
    "@$dist/$1.train" "$(vl_main_class "$1")"; then
    rm -f "$dist/$1.aot"
    vl_say "preparing $1: the training run failed, so it will start more slowly; see $dist/$1.train.log"
  fi
  rm -f "$dist/$1.train" "$dist/$1.aot.config"
  vl_write_args "$1"
}

# vl_prune: removes builds that nobody runs. The one before stays: a ./vl that has just read its name may
# be about to start it.
vl_prune() {
  for _vl_old in "$root"/.vl/dist/*/; do
    _vl_old=${_vl_old%/}
    case ${_vl_old##*/} in
    "$id" | "$1") continue ;;
    esac
    if [ -d /proc/self ]; then
      grep -l -s -F -- "$_vl_old/" /proc/[0-9]*/cmdline >/dev/null 2>&1 && continue
    elif ps -A -o args= 2>/dev/null | grep -F -- "$_vl_old/" | grep -v grep >/dev/null; then
      continue
    fi
    rm -rf "$_vl_old"
  done
}

# vl_build_alone ARGUMENTS...: under the build's lock.
vl_build_alone() {
  vl_current && return 0 # another run built it while this one waited
  _vl_before=
  [ ! -r "$root/.vl/dist/current" ] || read -r _vl_before <"$root/.vl/dist/current"
  id=$(date +%Y%m%d-%H%M%S)-$$
  dist=$root/.vl/dist/$id
  mkdir -p "$dist/lib" && : >"$dist/stamp" || {
    vl_refuse build_failed "building in $root: $dist cannot be written; make it writable or clone elsewhere" "$@"
    return
  }
  if [ -n "$_vl_before" ]; then
    vl_say "building what changed"
  else
    vl_say "building (the first time takes some minutes, most of it downloads)"
  fi
  # mvnw stops where HOME is not set; Maven then takes what the user database says, and so does this.
  if [ -z "${HOME-}${MAVEN_USER_HOME-}" ] && _vl_user=$(id -un 2>/dev/null); then
    export MAVEN_USER_HOME="$(eval "printf %s ~$_vl_user")/.m2"
  fi
  vl_attend "still building" "$VL_BUILD_SECONDS" "$root/.vl/build.log" "$root/mvnw" -B -f "$root/pom.xml" \
    -pl agent,cli,local -am -Dmaven.test.skip=true -Dspotless.check.skip=true package
  _vl_ended=$?
  if [ "$_vl_ended" -eq 130 ]; then
    rm -rf "$dist"
    return 130
  fi
  if [ "$_vl_ended" -ne 0 ]; then
    rm -rf "$dist"
    grep '^\[ERROR\]' "$root/.vl/build.log" | head -n 12 >&2
    vl_refuse build_failed "building in $root: Maven ended with $_vl_ended; read $root/.vl/build.log" "$@"
    return
  fi
  vl_collect cli cli && vl_collect agent agent && vl_collect plane local || {
    rm -rf "$dist"
    vl_refuse build_failed "building in $root: the jars could not be copied to $dist; free some disk space" "$@"
    return
  }
  [ "${VAULTLAYER_AOT-}" = off ] || vl_say "preparing the programs to start fast"
  for _vl_program in cli agent plane; do
    if [ "${VAULTLAYER_AOT-}" = off ]; then
      vl_write_args "$_vl_program"
    else
      vl_train "$_vl_program"
    fi || return
  done
  vl_jdk_is "$JAVA_HOME"
  printf '%s\n' "$id" "$root" "$JAVA_HOME" "$jdk_is" >"$root/.vl/dist/current.new" &&
    mv "$root/.vl/dist/current.new" "$root/.vl/dist/current" || return 3
  vl_prune "$_vl_before"
}

vl_build() {
  mkdir -p "$root/.vl/dist" 2>/dev/null && [ -w "$root/.vl" ] && [ -w "$root/.vl/dist" ] || {
    vl_refuse build_failed "building in $root: $root/.vl cannot be written; make it writable or clone elsewhere" "$@"
    return
  }
  vl_find_jdk "$root" || {
    vl_refuse no_jdk "building in $root: no JDK 25 could be had; install one and set JAVA_HOME" "$@"
    return
  }
  vl_run_locked "$root/.vl/build.lock" "$VL_BUILD_SECONDS" vl_build_alone "$@"
}

vl_current_unchecked() {
  { read -r id && read -r made_in && read -r jdk; } <"$root/.vl/dist/current"
  dist=$root/.vl/dist/$id
}
