# Runs a bench that is a Java program of the module bench. POSIX sh, sourced by bench/<name>:
#
#   . .../bench/lib/java.sh
#   bench_java ROOT MAIN_CLASS ARGUMENTS...
#
# Builds first what is missing or older than its sources; what Maven says goes to stderr.

bench_current() {
  [ -r "$1/bench/target/bench.classpath" ] && [ -z "$(
    cd "$1" && find pom.xml bench/pom.xml functions/pom.xml shared/*/pom.xml bench/src functions/src/main \
      local/src/main shared/*/src/main template.yaml -newer bench/target/bench.classpath -print 2>/dev/null
  )" ]
}

bench_java() {
  _bench_root=$1 _bench_main=$2
  shift 2
  . "$_bench_root/.mvn/jdk.sh"
  vl_find_jdk "$_bench_root" || return 3
  if ! bench_current "$_bench_root"; then
    vl_say "building the benches"
    "$_bench_root/mvnw" -q -B -f "$_bench_root/pom.xml" -pl bench -am -Dspotless.check.skip=true \
      process-test-classes >&2 || return 3
    touch "$_bench_root/bench/target/bench.classpath"
  fi
  exec "$JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow ${BENCH_JAVA_OPTIONS-} \
    -cp "$_bench_root/bench/target/classes:$_bench_root/bench/target/test-classes:$(cat "$_bench_root/bench/target/bench.classpath")" \
    "$_bench_main" "$@"
}
