# What the requests share: where the server is, and what they ask about when the environment does not say. The names
# are those of the demo data (`npm run demo`), where ids that change with its age are looked up. Sourced, not run.

BASE=${BASE:-http://localhost:8000}
ORIGIN=${ORIGIN:-maestro}
TREE_NAME=${TREE_NAME-mainline}
GIT_BRANCH=${GIT_BRANCH:-master}
GIT_URL=${GIT_URL:-https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git}
HARDWARE=${HARDWARE:-qemu-x86_64}
# The last week, in Unix seconds.
END=${END:-$(date +%s)}
START=${START:-$((END - 7 * 86400))}

# The nth text (the first without a number) that a member of this name has in the JSON on standard input.
member() {
  grep -oE "\"$1\" ?: ?\"[^\"]*\"" | sed -n "${2:-1}{s/^[^:]*: *\"//;s/\"\$//;p;}"
}

# The hash of the newest commit of the branch, or of the nth newest.
commit() {
  curl -sG "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/commits" --data-urlencode origin="$ORIGIN" |
    member git_commit_hash "${1:-1}"
}

# A test with a known issue.
failed_test() {
  curl -s "$BASE/api/issue/maestro:c8d471a77feede92c6392ff58f60ae19493c15fd/tests" | member id
}

# A build with a known issue.
failed_build() {
  curl -s "$BASE/api/issue/maestro:9dffb2e99f882e7cbe60f2de5cf2ec4e36aacba7/builds" | member id
}

# A build that something ran on.
tested_build() {
  curl -s "$BASE/api/test/$(failed_test)" | member build_id
}
