/** Filters as query parameters, for the API's description; `src/filters` reads them (chapter 03, section 1.2). */
import { Type, type TArray, type TOptional, type TString } from "typebox";

type FilterParameter = TOptional<TArray<TString>>;

function filter(description: string, example: string): FilterParameter {
  return Type.Optional(
    Type.Array(Type.String(), {
      description: `${description}; repeat it for alternatives`,
      examples: [[example]],
    }),
  );
}

const GLOBAL_FILTERS = {
  filter_architecture: filter("architecture of the build", "arm64"),
  filter_compiler: filter("compiler of the build", "gcc-12"),
  filter_config_name: filter("config of the build", "defconfig"),
  "filter_test.hardware": filter("compatible or platform that the tests ran on", "rk3399-gru-kevin"),
  "filter_test.lab": filter("lab that the tests ran in", "lava-collabora"),
};

const STATUSES = "one of PASS, FAIL, SKIP, ERROR, MISS, DONE, NULL";
const ISSUE = "issue version as `<id>,<version>`, or `Uncategorized,null` for failures without a known issue";

const BUILD_FILTERS = {
  "filter_build.status": filter(`status of builds: ${STATUSES}`, "FAIL"),
  "filter_duration_[gte]": filter("shortest duration of builds in seconds", "60"),
  "filter_duration_[lte]": filter("longest duration of builds in seconds", "600.5"),
  "filter_build.issue": filter(`known issue of builds: ${ISSUE}`, "maestro:0820fe15,1"),
  "filter_build.origin": filter("CI system that submitted the build", "maestro"),
};

const BOOT_FILTERS = {
  "filter_boot.status": filter(`status of boots: ${STATUSES}`, "FAIL"),
  "filter_boot.duration_[gte]": filter("shortest duration of boots in seconds", "10"),
  "filter_boot.duration_[lte]": filter("longest duration of boots in seconds", "300"),
  "filter_boot.issue": filter(`known issue of boots: ${ISSUE}`, "Uncategorized,null"),
  "filter_boot.origin": filter("CI system that submitted the boot", "maestro"),
  "filter_boot.path": filter("part of the path of boots; the last one counts", "boot.nfs"),
  "filter_boot.platform": filter("platform of boots", "rk3399-gru-kevin"),
};

const TEST_FILTERS = {
  "filter_test.status": filter(`status of tests: ${STATUSES}`, "FAIL"),
  "filter_test.duration_[gte]": filter("shortest duration of tests in seconds", "10"),
  "filter_test.duration_[lte]": filter("longest duration of tests in seconds", "300"),
  "filter_test.issue": filter(`known issue of tests: ${ISSUE}`, "Uncategorized,null"),
  "filter_test.origin": filter("CI system that submitted the test", "maestro"),
  "filter_test.path": filter("part of the path of tests; the last one counts", "kselftest"),
  "filter_test.platform": filter("platform of tests", "rk3399-gru-kevin"),
};

/** The filters of endpoints that show builds, boots, tests, or all of them. */
export const FILTERS_OF_BUILDS = { ...GLOBAL_FILTERS, ...BUILD_FILTERS };
export const FILTERS_OF_BOOTS = { ...GLOBAL_FILTERS, ...BOOT_FILTERS };
export const FILTERS_OF_TESTS = { ...GLOBAL_FILTERS, ...TEST_FILTERS };
export const ALL_FILTERS = { ...GLOBAL_FILTERS, ...BUILD_FILTERS, ...BOOT_FILTERS, ...TEST_FILTERS };
